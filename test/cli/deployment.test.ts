import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findDeployment, listServices } from '../../lib/cli/deployment.ts';
import { describeServiceOutput, type ServiceOutputName } from '../../lib/core/config/service-outputs.ts';
import { freePort } from '../local/free-port.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let notes: string[];
let localFolder: string;

beforeEach(async () => {
  notes = [];
  localFolder = await temporaryFolder();
  for (const name of [
    'AWS_ENDPOINT_URL',
    'AWS_PROFILE',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_DEFAULT_REGION',
  ]) {
    vi.stubEnv(name, undefined);
  }
  vi.stubEnv('AWS_CONFIG_FILE', join(localFolder, 'no-config'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(localFolder, 'no-credentials'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

function find(named: { readonly stack?: string; readonly service?: string } = {}) {
  const signal = new AbortController().signal;
  return findDeployment({ ...named, localFolder, signal, note: (text) => notes.push(text) });
}

function messageOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}

async function serve(script: Script): Promise<ScriptedEndpoint> {
  const endpoint = await new ScriptedEndpoint(script).start();
  onTestFinished(() => endpoint[Symbol.asyncDispose]());
  return endpoint;
}

/** An account, as CloudFormation knows it. */
async function account(script: Script): Promise<ScriptedEndpoint> {
  const endpoint = await serve(script);
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  return endpoint;
}

/** Answers for these stacks, each with the outputs of its services by their paths. */
function stacks(all: Readonly<Record<string, Readonly<Record<string, Outputs>>>>): Script {
  return ({ body }, response) => {
    const name = new URLSearchParams(body.toString()).get('StackName');
    const found = Object.entries(all).filter(([stack]) => name === null || stack === name);
    if (name !== null && found.length === 0) {
      return refusal('ValidationError', `Stack with id ${name} does not exist`)({ body } as never, response);
    }
    return xml(
      200,
      `<DescribeStacksResponse><DescribeStacksResult><Stacks>${found.map(stackXml).join('')}</Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    )({ body } as never, response);
  };
}

type Outputs = Readonly<Partial<Record<ServiceOutputName, string>>>;

function stackXml([stack, services]: [string, Readonly<Record<string, Outputs>>]): string {
  const members = Object.entries(services).flatMap(([service, outputs], index) =>
    Object.entries(outputs).map(
      ([name, value]) =>
        `<member><OutputKey>S${index}${name}</OutputKey><OutputValue>${value}</OutputValue><Description>${describeServiceOutput({ service, name: name as ServiceOutputName })}</Description></member>`,
    ),
  );
  const other = '<member><OutputKey>ApiUrl</OutputKey><OutputValue>of another</OutputValue></member>';
  return `<member><StackName>${stack}</StackName><Outputs>${other}${members.join('')}</Outputs></member>`;
}

function refusal(code: string, message: string): Script {
  return xml(
    400,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>R</RequestId></ErrorResponse>`,
  );
}

function xml(status: number, body: string): Script {
  return (_, response) => response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
}

/** Leaves what a local deployment leaves. */
async function deployedLocally(endpoint: string): Promise<void> {
  await mkdir(localFolder, { recursive: true });
  await writeFile(join(localFolder, 'endpoint'), endpoint);
}

const OUTPUTS = { ApiUrl: 'https://a.example', OutputQueueUrl: 'https://q.example' };

test('E2: a stack that was named is looked up, with no right to see others', async () => {
  const { calls } = await account(stacks({ Mine: { Orders: OUTPUTS } }));

  const deployment = await find({ stack: 'Mine' });

  expect([deployment('ApiUrl'), deployment('OutputQueueUrl')]).toEqual(Object.values(OUTPUTS));
  expect(calls.map(({ body }) => new URLSearchParams(body.toString()).get('StackName'))).toEqual(['Mine']);
  expect(calls[0]?.headers.authorization).toContain('AKIDEXAMPLE/');
  expect(notes).toEqual([]);
});

describe('E2: of several services', () => {
  beforeEach(async () => {
    await account(
      stacks({
        Shop: { Orders: { ApiUrl: 'https://orders' }, 'Backend/Images': { ApiUrl: 'https://images' } },
        Reports: { Service: { ApiUrl: 'https://reports' } },
      }),
    );
  });

  test('--service chooses, in a stack and in all of them', async () => {
    expect((await find({ stack: 'Shop', service: 'Backend/Images' }))('ApiUrl')).toBe('https://images');
    expect((await find({ service: 'Orders' }))('ApiUrl')).toBe('https://orders');
    expect((await find({ stack: 'Reports' }))('ApiUrl')).toBe('https://reports');
    expect(notes).toEqual(['using the service Orders of the stack Shop in eu-west-1']);
  });

  test('an ambiguous name is answered by what there is', async () => {
    expect(await messageOf(find({ stack: 'Shop' }))).toBe(
      `There are 2 services in the stack Shop. Choose one by --stack and --service:
--stack Shop --service Orders
--stack Shop --service Backend/Images`,
    );
    expect(await messageOf(find())).toBe(
      `There are 3 services in eu-west-1. Choose one by --stack and --service:
--stack Shop --service Orders
--stack Shop --service Backend/Images
--stack Reports --service Service`,
    );
  });

  test('a wrong name is answered by what there is', async () => {
    expect(await messageOf(find({ stack: 'Shop', service: 'Order' }))).toBe(
      `There is no service Order in the stack Shop. There are:
--stack Shop --service Orders
--stack Shop --service Backend/Images`,
    );
  });

  test('all are listed', async () => {
    const services = await listServices({ localFolder, signal: new AbortController().signal });
    expect(services.map(({ stack, service }) => `${stack} ${service}`)).toEqual([
      'Shop Orders',
      'Shop Backend/Images',
      'Reports Service',
    ]);
  });
});

test('E2: stacks are listed page by page', async () => {
  const page = (member: string, token: string) =>
    xml(
      200,
      `<DescribeStacksResponse><DescribeStacksResult><Stacks>${member}</Stacks>${token}</DescribeStacksResult></DescribeStacksResponse>`,
    );
  await account((call, response) => {
    const parameters = new URLSearchParams(call.body.toString());
    if (parameters.has('StackName')) return refusal('ValidationError', 'it does not exist')(call, response);
    return parameters.get('NextToken') === 'more'
      ? page(stackXml(['Last', { Only: OUTPUTS }]), '')(call, response)
      : page(stackXml(['First', {}]), '<NextToken>more</NextToken>')(call, response);
  });
  expect((await find())('ApiUrl')).toBe(OUTPUTS.ApiUrl);
  expect(notes).toEqual(['using the service Only of the stack Last in eu-west-1']);
});

describe('what keeps a service from being found is reported:', () => {
  test('there is no stack', async () => {
    await account(stacks({}));
    expect(await messageOf(find({ stack: 'Mine' }))).toBe('There is no stack Mine in eu-west-1');
  });

  test('it may not be seen', async () => {
    await account(refusal('AccessDenied', 'not authorized to perform cloudformation:DescribeStacks'));
    expect(await messageOf(find({ stack: 'Mine' }))).toBe(
      "CloudFormation didn't describe the stack Mine in eu-west-1: AccessDenied: not authorized to perform cloudformation:DescribeStacks",
    );
  });

  test('the stack has no service that describes itself', async () => {
    await account(stacks({ Mine: {} }));
    expect(await messageOf(find({ stack: 'Mine' }))).toBe(
      'There is no Coatcheck service in the stack Mine. One that an older version deployed is found after it is deployed again',
    );
  });

  test('it has no API, and no webhooks', async () => {
    await account(stacks({ Mine: { Orders: { OutputQueueUrl: 'https://q.example' } } }));
    const deployment = await find({ stack: 'Mine' });
    expect(deployment('OutputQueueUrl')).toBe('https://q.example');
    expect(() => deployment('ApiUrl')).toThrow(
      'The service Orders of the stack Mine has no ApiUrl: it was deployed without the HTTP API',
    );
    expect(() => deployment('WebhookQueueUrl')).toThrow('it was deployed without webhooks');
  });

  test('there are no credentials', async () => {
    expect(await messageOf(find({ stack: 'Mine' }))).toMatch(
      /^No AWS credentials to look for the stack Mine with: .*\nFor a stack on the local AWS, set the variables/,
    );
  });

  test('there is no region', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    expect(await messageOf(find({ stack: 'Mine' }))).toMatch(
      /^No AWS region to look for services in: set AWS_REGION or choose a profile by AWS_PROFILE\n/,
    );
  });
});

describe('without a name', () => {
  test('E2: it is the service of the local AWS, if that runs and has one', async () => {
    const local = await serve(stacks({ Other: { Orders: { ApiUrl: 'http://local' } } }));
    await deployedLocally(local.url);

    const deployment = await find();

    expect(deployment('ApiUrl')).toBe('http://local');
    expect(notes).toEqual([`using the service Orders of the stack Other on the local AWS at ${local.url}`]);
  });

  test('the endpoint that AWS_ENDPOINT_URL names counts more', async () => {
    const local = await serve(stacks({ Coatcheck: { Service: { ApiUrl: 'http://local' } } }));
    await deployedLocally(local.url);
    await account(stacks({ Coatcheck: { Service: OUTPUTS } }));
    expect((await find())('ApiUrl')).toBe(OUTPUTS.ApiUrl);
    expect(local.calls).toEqual([]);
  });

  test('it is the stack Coatcheck of an account with several', async () => {
    await account(stacks({ Other: { Orders: {} }, Coatcheck: { Service: OUTPUTS } }));
    expect((await find())('ApiUrl')).toBe(OUTPUTS.ApiUrl);
    expect(notes).toEqual(['using the service Service of the stack Coatcheck in eu-west-1']);
  });

  test.each([
    ['is gone', undefined],
    ['was started anew', stacks({})],
  ])('it is what the AWS settings say when the local AWS %s', async (_, script) => {
    const url = script ? (await serve(script)).url : `http://127.0.0.1:${await freePort()}`;
    await deployedLocally(url);
    expect(await messageOf(find())).toMatch(
      new RegExp(
        `^No AWS credentials to look for the stack Coatcheck with: .*\nThe local AWS at ${url} has no service or doesn't run any more: start it by npm run local, or name a service by --api$`,
        's',
      ),
    );
  });

  test('and with no AWS at all the message says what to do', async () => {
    expect(await messageOf(find())).toMatch(/^No AWS credentials .*\nOr name a service by --api$/s);
  });
});
