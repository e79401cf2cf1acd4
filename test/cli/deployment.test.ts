import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findDeployment, findSharing, listServices } from '../../lib/cli/deployment.ts';
import { describeServiceOutput, type ServiceOutputName } from '../../lib/core/config/service-outputs.ts';
import { freePort } from '../local/free-port.ts';
import { type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

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

/** A fake CloudFormation. */
async function account(script: Script): Promise<ScriptedEndpoint> {
  const endpoint = await serve(script);
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  return endpoint;
}

/** Serves these stacks, with the outputs of their services by path. */
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

/** Writes the endpoint file of a local deployment. */
async function deployedLocally(endpoint: string): Promise<void> {
  await mkdir(localFolder, { recursive: true });
  await writeFile(join(localFolder, 'endpoint'), endpoint);
}

const OUTPUTS = { ApiUrl: 'https://a.example', OutputQueueUrl: 'https://q.example' };

test('E2: a named stack is found without permission to list stacks', async () => {
  const { calls } = await account(stacks({ Mine: { Orders: OUTPUTS } }));

  const deployment = await find({ stack: 'Mine' });

  expect([deployment('ApiUrl'), deployment('OutputQueueUrl')]).toEqual(Object.values(OUTPUTS));
  expect(calls.map(({ body }) => new URLSearchParams(body.toString()).get('StackName'))).toEqual(['Mine']);
  expect(calls[0]?.headers.authorization).toContain('AKIDEXAMPLE/');
  expect(notes).toEqual([]);
});

describe('subscriptions', () => {
  const queue = { SubscriptionQueueUrl: 'https://thumbnails' };
  const subscribe = (more = {}) =>
    account(
      stacks({
        Shop: { Orders: OUTPUTS, 'Orders/Thumbnails': queue, ...more },
        Billing: { Thumbnails: queue },
      }),
    );
  const findSubscription = (named: { readonly stack?: string; readonly service?: string }) =>
    findDeployment({
      ...named,
      kind: 'subscription',
      localFolder,
      signal: new AbortController().signal,
      note: (text) => notes.push(text),
    });

  test('are no services', async () => {
    await subscribe();
    expect((await find({ stack: 'Shop' }))('OutputQueueUrl')).toBe('https://q.example');
    expect(await messageOf(find({ stack: 'Billing' }))).toContain(
      'There is no Coatcheck service in the stack Billing',
    );
  });

  test('are found by their paths', async () => {
    await subscribe();
    const found = await findSubscription({ service: 'Thumbnails' });
    expect(found('SubscriptionQueueUrl')).toBe('https://thumbnails');
    expect(notes).toEqual([
      `using the subscription Thumbnails of the stack Billing in eu-west-1 at ${process.env.AWS_ENDPOINT_URL}`,
    ]);
    expect(await messageOf(findSubscription({ stack: 'Shop', service: 'Other' }))).toBe(
      'There is no subscription Other in the stack Shop. Available:\n--stack Shop --subscription Orders/Thumbnails',
    );
  });

  test('are listed', async () => {
    await subscribe();
    const listed = await listServices({ localFolder, signal: new AbortController().signal });
    expect(listed.map(({ service }) => service)).toEqual(['Orders', 'Orders/Thumbnails', 'Thumbnails']);
  });
});

describe('E2: with several services', () => {
  beforeEach(async () => {
    await account(
      stacks({
        Shop: { Orders: { ApiUrl: 'https://orders' }, 'Backend/Images': { ApiUrl: 'https://images' } },
        Reports: { Service: { ApiUrl: 'https://reports' } },
      }),
    );
  });

  test('--service selects one, in a stack or in all stacks', async () => {
    expect((await find({ stack: 'Shop', service: 'Backend/Images' }))('ApiUrl')).toBe('https://images');
    expect((await find({ service: 'Orders' }))('ApiUrl')).toBe('https://orders');
    expect((await find({ stack: 'Reports' }))('ApiUrl')).toBe('https://reports');
    expect(notes).toEqual([
      `using the service Orders of the stack Shop in eu-west-1 at ${process.env.AWS_ENDPOINT_URL}`,
    ]);
  });

  test('an ambiguous name lists the candidates', async () => {
    expect(await messageOf(find({ stack: 'Shop' }))).toBe(
      `There are 2 services in the stack Shop. Choose one with --stack and --service:
--stack Shop --service Orders
--stack Shop --service Backend/Images`,
    );
    expect(await messageOf(find())).toBe(
      `There are 3 services in eu-west-1 at ${process.env.AWS_ENDPOINT_URL}. Choose one with --stack and --service:
--stack Shop --service Orders
--stack Shop --service Backend/Images
--stack Reports --service Service`,
    );
  });

  test('a wrong name lists the available services', async () => {
    expect(await messageOf(find({ stack: 'Shop', service: 'Order' }))).toBe(
      `There is no service Order in the stack Shop. Available:
--stack Shop --service Orders
--stack Shop --service Backend/Images`,
    );
  });

  test('lists all', async () => {
    const services = await listServices({ localFolder, signal: new AbortController().signal });
    expect(services.map(({ stack, service }) => `${stack} ${service}`)).toEqual([
      'Shop Orders',
      'Shop Backend/Images',
      'Reports Service',
    ]);
  });
});

test('those that share the table of a service are found with it', async () => {
  const table = (RequestTableName: string, InputQueueUrl: string) => ({ RequestTableName, InputQueueUrl });
  await account(
    stacks({
      Shop: {
        Images: table('images', 'front'),
        'Images/Reports': table('images', 'behind'),
        Other: table('other', 'other'),
      },
    }),
  );
  const { signal } = new AbortController();
  const found = await findSharing({ stack: 'Shop', service: 'Images', localFolder, signal, note: () => {} });
  expect(found.map(({ outputs }) => outputs.InputQueueUrl)).toEqual(['front', 'behind']);
});

test('a service is found without its path although processors stand behind it; they are by theirs', async () => {
  const behind = { ApiUrl: 'https://images', DeadLetterQueueUrl: 'https://reports' };
  await account(stacks({ Shop: { Images: { ApiUrl: 'https://images' }, 'Images/Reports': behind } }));
  await find();
  expect(notes).toEqual([
    `using the service Images of the stack Shop in eu-west-1 at ${process.env.AWS_ENDPOINT_URL}`,
  ]);
  const reports = await find({ service: 'Images/Reports' });
  expect(reports('DeadLetterQueueUrl')).toBe('https://reports');
});

test('E2: reads all pages of stacks', async () => {
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
  expect(notes).toEqual([
    `using the service Only of the stack Last in eu-west-1 at ${process.env.AWS_ENDPOINT_URL}`,
  ]);
});

describe('reports why no service is found:', () => {
  test('no such stack', async () => {
    await account(stacks({}));
    expect(await messageOf(find({ stack: 'Mine' }))).toBe('There is no stack Mine in eu-west-1');
  });

  test('no permission', async () => {
    await account(refusal('AccessDenied', 'not authorized to perform cloudformation:DescribeStacks'));
    expect(await messageOf(find({ stack: 'Mine' }))).toBe(
      "CloudFormation didn't describe the stack Mine in eu-west-1: AccessDenied: not authorized to perform cloudformation:DescribeStacks",
    );
  });

  test('a stack without service outputs', async () => {
    await account(stacks({ Mine: {} }));
    expect(await messageOf(find({ stack: 'Mine' }))).toBe(
      'There is no Coatcheck service in the stack Mine. A service that an older version deployed is found once it is deployed again',
    );
  });

  test('a service without API and webhooks', async () => {
    await account(stacks({ Mine: { Orders: { OutputQueueUrl: 'https://q.example' } } }));
    const deployment = await find({ stack: 'Mine' });
    expect(deployment('OutputQueueUrl')).toBe('https://q.example');
    expect(() => deployment('ApiUrl')).toThrow(
      'The service Orders of the stack Mine has no ApiUrl: it was deployed without the HTTP API',
    );
    expect(() => deployment('WebhookQueueUrl')).toThrow('it was deployed without webhooks');
  });

  test('no credentials', async () => {
    expect(await messageOf(find({ stack: 'Mine' }))).toMatch(
      /^No AWS credentials to look for the stack Mine with: .*\nFor a stack on the local AWS, set the variables/,
    );
  });

  test('no region', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    expect(await messageOf(find({ stack: 'Mine' }))).toMatch(
      /^No AWS region to look for services in: set AWS_REGION or choose a profile by AWS_PROFILE\n/,
    );
  });
});

describe('without --stack and --service', () => {
  test('E2: prefers a running local AWS with a service', async () => {
    const local = await serve(stacks({ Other: { Orders: { ApiUrl: 'http://local' } } }));
    await deployedLocally(local.url);

    const deployment = await find();

    expect(deployment('ApiUrl')).toBe('http://local');
    expect(notes).toEqual([`using the service Orders of the stack Other on the local AWS at ${local.url}`]);
  });

  test('AWS_ENDPOINT_URL takes precedence', async () => {
    const local = await serve(stacks({ Coatcheck: { Service: { ApiUrl: 'http://local' } } }));
    await deployedLocally(local.url);
    await account(stacks({ Coatcheck: { Service: OUTPUTS } }));
    expect((await find())('ApiUrl')).toBe(OUTPUTS.ApiUrl);
    expect(local.calls).toEqual([]);
  });

  test('prefers the stack Coatcheck in an account with several stacks', async () => {
    await account(stacks({ Other: { Orders: {} }, Coatcheck: { Service: OUTPUTS } }));
    expect((await find())('ApiUrl')).toBe(OUTPUTS.ApiUrl);
    expect(notes).toEqual([
      `using the service Service of the stack Coatcheck in eu-west-1 at ${process.env.AWS_ENDPOINT_URL}`,
    ]);
  });

  test.each([
    ['has stopped', undefined],
    ['was restarted', stacks({})],
  ])('uses the AWS settings if the local AWS %s', async (_, script) => {
    const url = script ? (await serve(script)).url : `http://127.0.0.1:${await freePort()}`;
    await deployedLocally(url);
    expect(await messageOf(find())).toMatch(
      new RegExp(
        `^No AWS credentials to look for the stack Coatcheck with: .*\nThe local AWS at ${url} has no service, or has stopped: start it with npm run local. Or start coatcheck dev or coatcheck serve in this folder, or name a service with --api$`,
        's',
      ),
    );
  });

  test('explains what to do without any AWS', async () => {
    expect(await messageOf(find())).toMatch(
      /^No AWS credentials .*\nOr start coatcheck dev or coatcheck serve in this folder, or name a service with --api$/s,
    );
  });
});
