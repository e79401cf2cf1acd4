import type { ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { describeServiceOutput, type ServiceOutputName } from '../../lib/core/config/service-outputs.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck, coatcheckOnTerminal } from './coatcheck.ts';
import { type ReceivedCall, ScriptedEndpoint } from './scripted-endpoint.ts';

/** What the scripted AWS has. */
export interface ReleaseScript {
  /** Outputs of the service that differ from the usual ones; undefined removes one. */
  readonly outputs?: Readonly<Partial<Record<ServiceOutputName, string | undefined>>>;
  /** The weights of the alias, which invokes version 10. */
  readonly weights?: Readonly<Record<string, number>>;
  /** The deployment that runs, and its creator. */
  readonly deployment?: readonly [id: string, creator: string];
  /** Answers to operations that are refused, by their names: an error's name. */
  readonly refusals?: Readonly<Record<string, string>>;
}

const OUTPUTS: Readonly<Partial<Record<ServiceOutputName, string>>> = {
  InputQueueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/input',
  ProcessorFunctionName: 'processor',
  ReleaseAliasName: 'live',
  ReleaseApplicationName: 'application',
  ReleaseDeploymentGroupName: 'group',
};

/** Answers as CloudFormation, Lambda and CodeDeploy do for one service with a release, in two pages of versions. */
export async function scriptedRelease(script: ReleaseScript = {}) {
  const endpoint = await new ScriptedEndpoint((call, response) => answer(call, response, script)).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  const variables = awsVariables(endpoint.url);
  const args = (more: readonly string[]) => ['rollback', '--stack', 'Shop', ...more];
  return {
    run: (...more: readonly string[]) => coatcheck(args(more), { variables }),
    onTerminal: (stdin: string, ...more: readonly string[]) =>
      coatcheckOnTerminal(args(more), { variables, stdin }),
    /** The calls that change something: the operation and its body. */
    changes: () =>
      endpoint.calls
        .map((call) => [operationOf(call), call.body.toString()] as const)
        .filter(([operation]) => ['UpdateAlias', 'StopDeployment'].includes(operation))
        .map(([operation, body]) => [operation, JSON.parse(body)]),
    operations: () => endpoint.calls.map(operationOf),
    bodyOf: (operation: string) =>
      endpoint.calls.find((call) => operationOf(call) === operation)?.body.toString() ?? '',
  };
}

function operationOf({ method, url, headers }: ReceivedCall): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.replace('CodeDeploy_20141006.', '');
  const { pathname } = new URL(url, 'http://aws');
  if (pathname === '/2015-03-31/functions/processor/aliases/live') {
    return method === 'PUT' ? 'UpdateAlias' : 'GetAlias';
  }
  return pathname === '/2015-03-31/functions/processor/versions'
    ? 'ListVersionsByFunction'
    : 'DescribeStacks';
}

function answer(call: ReceivedCall, response: ServerResponse, script: ReleaseScript): void {
  const { outputs, weights, deployment, refusals = {} } = script;
  const operation = operationOf(call);
  const refusal = refusals[operation];
  if (refusal !== undefined) {
    response.writeHead(400, { 'content-type': 'application/json', 'x-amzn-errortype': refusal });
    response.end(JSON.stringify({ __type: refusal, message: `${refusal}, it says` }));
    return;
  }
  if (operation === 'DescribeStacks') {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(stackXml({ ...OUTPUTS, ...outputs }));
    return;
  }
  const answers: Readonly<Record<string, unknown>> = {
    GetAlias: {
      Name: 'live',
      FunctionVersion: '10',
      RevisionId: 'revision-1',
      ...(weights && { RoutingConfig: { AdditionalVersionWeights: weights } }),
    },
    UpdateAlias: {},
    ListVersionsByFunction: call.url.includes('Marker=more')
      ? { Versions: [version('9', '1.4.1'), version('10', '1.4.2'), version('11', '1.5')] }
      : { Versions: [version('$LATEST', '1.5'), version('2')], NextMarker: 'more' },
    ListDeployments: { deployments: deployment ? [deployment[0]] : [] },
    GetDeployment: { deploymentInfo: { deploymentId: deployment?.[0], creator: deployment?.[1] } },
    StopDeployment: { status: 'Pending' },
  };
  const type = operation.endsWith('Deployment') ? 'application/x-amz-json-1.1' : 'application/json';
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(answers[operation]));
}

function version(Version: string, handlerVersion?: string) {
  return {
    Version,
    LastModified: `2026-11-${Version.padStart(2, '0')}T12:00:00.000+0000`,
    ...(handlerVersion && {
      Environment: { Variables: { COATCHECK_VERSION: handlerVersion, KEY: 's3cr3t' } },
    }),
  };
}

function stackXml(outputs: ReleaseScript['outputs']): string {
  const members = Object.entries(outputs ?? {}).flatMap(([name, value]) =>
    value === undefined
      ? []
      : [
          `<member><OutputKey>${name}</OutputKey><OutputValue>${value}</OutputValue><Description>${describeServiceOutput({ service: 'Orders', name: name as ServiceOutputName })}</Description></member>`,
        ],
  );
  return `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>Shop</StackName><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
}
