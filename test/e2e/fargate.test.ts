import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { AsyncService, Host } from '../../lib/constructs/index.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { EcsAgent } from '../support/ecs-agent.ts';
import { eventually } from '../support/eventually.ts';
import { type OutcomeEvent, Service } from './service.ts';

const STACK = 'E2e-fargate';

/** What a local AWS without Docker deploys: everything that the worker uses, but neither ECS nor its scaling. */
const DEPLOYED = /^AWS::(?:S3|SQS|DynamoDB)::/;

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: never }>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Description: string }>>;
}

interface Container {
  readonly Environment: readonly { readonly Name: string; readonly Value: unknown }[];
}

const endpoint = inject('endpoint');
const cloudFormation = new CloudFormationClient(localConfig(endpoint));

let folder: string;
let agent: EcsAgent;
let service: Service;
let worker: ChildProcess;
let output = '';

/** Deploys a service on Fargate as far as possible, and runs the entry point of its image as a process. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'e2e-fargate-'));
  agent = await EcsAgent.start();
  const template = synthesize();
  const [container] = taskOf(template).ContainerDefinitions;
  const deployed = await deploy(template, container?.Environment ?? []);
  service = new Service(STACK, deployed.outputs);
  const image = await imageFolder();
  const [program = '', ...args] = entryPointOf(await readFile(join(image, 'Dockerfile'), 'utf8'));
  expect(program).toBe('node');
  worker = spawn(process.execPath, args, {
    cwd: image,
    env: { ...deployed.variables, ...awsVariables(endpoint), ECS_AGENT_URI: agent.uri },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
});
afterAll(async () => {
  worker?.kill('SIGKILL');
  await agent?.[Symbol.asyncDispose]();
  await cloudFormation.send(new DeleteStackCommand({ StackName: STACK }));
  await rm(folder, { recursive: true });
});

function synthesize(): Template {
  const app = new App({ outdir: folder });
  const stack = new Stack(app, STACK);
  new AsyncService(stack, 'Service', {
    entry: 'test/e2e/processors/behaviour.ts',
    host: Host.fargate({
      vpc: new Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false }),
      concurrency: 2,
      stopTimeout: Duration.seconds(30),
    }),
    serviceName: 'e2e-fargate',
    output: { inlineLimitBytes: 100_000 },
    retry: { maxAttempts: 2, baseDelay: Duration.seconds(1), maxDelay: Duration.seconds(1) },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return app.synth().getStackArtifact(stack.artifactId).template;
}

function taskOf({ Resources }: Template): { readonly ContainerDefinitions: readonly Container[] } {
  const task = Object.values(Resources).find(({ Type }) => Type === 'AWS::ECS::TaskDefinition');
  if (!task) throw new Error('no task definition');
  return task.Properties;
}

/** @returns the outputs of the service, and the values of the container's variables */
async function deploy({ Resources, Outputs }: Template, environment: Container['Environment']) {
  const variables = environment.map(({ Value }, index) => [`Variable${index}`, { Value }]);
  const kept = Object.entries(Resources).filter(([, { Type }]) => DEPLOYED.test(Type));
  const resources = Object.fromEntries(kept);
  const outputs = Object.entries(Outputs).filter(([id]) => !/LogGroup/.test(id));
  const StackName = STACK;
  const TemplateBody = JSON.stringify({
    Resources: resources,
    Outputs: Object.fromEntries([...outputs, ...variables]),
  });
  await cloudFormation.send(new CreateStackCommand({ StackName, TemplateBody }));
  const { reason } = await waitUntilStackCreateComplete(
    { client: cloudFormation, maxWaitTime: 110, minDelay: 1, maxDelay: 1 },
    { StackName },
  );
  const found: { OutputKey?: string; OutputValue?: string; Description?: string }[] =
    reason.Stacks[0].Outputs;
  const outputOf = (id: string) => found.find(({ OutputKey }) => OutputKey === id)?.OutputValue ?? '';
  return {
    outputs: Object.fromEntries(
      outputs.map(([id, { Description }]) => [/\(Coatcheck (\w+) of/.exec(Description)?.[1], outputOf(id)]),
    ),
    variables: Object.fromEntries(environment.map(({ Name }, index) => [Name, outputOf(`Variable${index}`)])),
  };
}

async function imageFolder(): Promise<string> {
  const names = await readdir(folder);
  return join(folder, names.find((name) => name.startsWith('asset.')) ?? '');
}

function entryPointOf(dockerfile: string): string[] {
  const [, json = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile) ?? [];
  return JSON.parse(json);
}

function logged(): Record<string, unknown>[] {
  return (
    output
      .split('\n')
      // The last one may still be on its way.
      .slice(0, -1)
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => JSON.parse(line))
  );
}

/** The sum of a metric in the log. */
function metric(name: string): number {
  return logged()
    .filter((line) => '_aws' in line && line.service === 'e2e-fargate')
    .flatMap((line) => line[name] ?? [])
    .reduce<number>((sum, value) => sum + Number(value), 0);
}

async function outcomeOf(key: string, behaviour: unknown): Promise<OutcomeEvent> {
  const { id } = await service.upload(key, JSON.stringify(behaviour));
  return service.event(id);
}

test('the program of the image handles uploads with the variables of its container', async () => {
  const outcome = await outcomeOf('requests/a.json', { do: 'echo', value: 7 });
  expect(outcome).toMatchObject({ source: '/coatcheck/e2e-fargate', data: { value: 7, attempt: 1 } });
  expect(await outcomeOf('requests/b.json', { do: 'fill', megabytes: 1 })).toMatchObject({
    dataref: expect.stringContaining('results/'),
  });
  expect((await outcomeOf('requests/c.json', { do: 'refuse', reason: 'no' })).type).toContain('failed');
});

test('a request that uses up its attempts becomes a dead letter', async () => {
  const { id } = await service.upload('requests/d.json', JSON.stringify({ do: 'fail', untilAttempt: 9 }));
  expect((await service.event(id)).type).toContain('failed');
  await service.deadLetters(1, ({ body }) => body.includes('requests/d.json'));
});

test('the log has the metrics of a function, and the slot time that the scaling needs', async () => {
  await eventually(() => {
    expect(metric('Succeeded')).toBeGreaterThanOrEqual(2);
    expect(metric('Failed')).toBeGreaterThanOrEqual(2);
    expect(metric('DeadLettered')).toBeGreaterThanOrEqual(1);
    expect(metric('SlotTime')).toBeGreaterThan(0);
  });
});

test('SIGTERM lets a request finish, in a task that was protected meanwhile, and ends the task although another runs on', async () => {
  const until = join(folder, 'stopping');
  const report = { do: 'report', seconds: 600, until };
  const { id } = await service.upload('requests/e.json', JSON.stringify(report));
  const stays = { do: 'stay', milliseconds: 600_000, log: join(folder, 'stays') };
  const endless = await service.upload('requests/f.json', JSON.stringify(stays));
  await eventually(() => expect(agent.isProtected).toBe(true));
  for (const each of [id, endless.id])
    await eventually(async () => expect((await service.record(each))?.status).toBe('running'));
  const closed = once(worker, 'close');
  worker.kill('SIGTERM');
  await eventually(() => expect(logged().map(({ message }) => message)).toContain('Worker is stopping'));
  await writeFile(until, '');
  expect((await closed)[0]).toBe(0);
  expect((await service.event(id)).type).toContain('succeeded');
  expect(logged().filter(({ message }) => message === 'Worker stopped')).toHaveLength(1);
});
