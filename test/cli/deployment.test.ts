import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findDeployment } from '../../lib/cli/deployment.ts';
import { freePort } from '../local/free-port.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';
import { type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

let notes: string[];
let localFolder: string;

beforeEach(async () => {
  notes = [];
  localFolder = await temporaryFolder();
  for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_DEFAULT_REGION']) {
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

function find(stack?: string) {
  const signal = new AbortController().signal;
  return findDeployment({ stack, localFolder, signal, note: (text) => notes.push(text) });
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

function stackWith(outputs: Readonly<Record<string, string>>): Script {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  return xml(
    200,
    `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>S</StackName><Outputs>${members.join('')}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
  );
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

/** What was deployed locally. */
async function deployedLocally(outputs: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(localFolder, { recursive: true });
  await writeFile(join(localFolder, 'outputs.json'), JSON.stringify({ Coatcheck: outputs }));
}

const OUTPUTS = { ApiUrl: 'https://a.example', OutputQueueUrl: 'https://q.example' };

test('a stack that was named is looked up', async () => {
  const { calls } = await account(stackWith(OUTPUTS));

  const deployment = await find('Mine');

  expect([deployment('ApiUrl'), deployment('OutputQueueUrl')]).toEqual(Object.values(OUTPUTS));
  expect(new URLSearchParams(calls[0]?.body.toString()).get('StackName')).toBe('Mine');
  expect(calls[0]?.headers.authorization).toContain('AKIDEXAMPLE/');
  expect(notes).toEqual([]);
});

describe('what keeps a stack from being found is told:', () => {
  test('there is none', async () => {
    await account(refusal('ValidationError', 'Stack with id Mine does not exist'));
    expect(await messageOf(find('Mine'))).toBe('There is no stack Mine in eu-west-1');
  });

  test('it may not be seen', async () => {
    await account(refusal('AccessDenied', 'not authorized to perform cloudformation:DescribeStacks'));
    expect(await messageOf(find('Mine'))).toBe(
      "CloudFormation didn't describe the stack Mine in eu-west-1: AccessDenied: not authorized to perform cloudformation:DescribeStacks",
    );
  });

  test('it has no API', async () => {
    await account(stackWith({ OutputQueueUrl: 'https://q.example' }));
    const deployment = await find('Mine');
    expect(deployment('OutputQueueUrl')).toBe('https://q.example');
    expect(() => deployment('ApiUrl')).toThrow(/^The stack Mine has no output ApiUrl: /);
  });

  test('there are no credentials', async () => {
    expect(await messageOf(find('Mine'))).toMatch(/^No AWS credentials to look for the stack Mine with: /);
  });

  test('there is no region', async () => {
    vi.stubEnv('AWS_REGION', undefined);
    expect(await messageOf(find('Mine'))).toBe(
      'No AWS region to look for the stack Mine in: set AWS_REGION or choose a profile by AWS_PROFILE',
    );
  });
});

describe('without a name', () => {
  test('it is the local deployment, if that answers', async () => {
    const local = await serve((_, response) => response.end('{}'));
    await deployedLocally({ ApiUrl: `${local.url}/api`, OutputQueueUrl: 'http://q' });

    const deployment = await find();

    expect(deployment('ApiUrl')).toBe(`${local.url}/api`);
    expect(local.calls.map(({ url }) => url)).toEqual(['/api/v1/status']);
    expect(notes).toEqual([expect.stringMatching(/^using the local deployment in .*outputs\.json$/)]);
  });

  test.each([
    ['has none', undefined],
    ['has another', (_: unknown, response: Parameters<Script>[1]) => response.writeHead(404).end()],
  ])('it is the stack Coatcheck when the local AWS %s', async (_, script) => {
    const { calls } = await account(stackWith(OUTPUTS));
    const url = script ? (await serve(script)).url : `http://127.0.0.1:${await freePort()}`;
    await deployedLocally({ ApiUrl: url });

    expect((await find())('ApiUrl')).toBe(OUTPUTS.ApiUrl);
    expect(new URLSearchParams(calls[0]?.body.toString()).get('StackName')).toBe('Coatcheck');
    expect(notes).toEqual(['using the stack Coatcheck in eu-west-1']);
  });

  test('and with neither it is told what to do', async () => {
    expect(await messageOf(find())).toMatch(/^No AWS credentials .*\nOr name a service by --api$/);

    const url = `http://127.0.0.1:${await freePort()}`;
    await deployedLocally({ ApiUrl: url });
    const message = await messageOf(find());
    expect(message).toMatch(/^No AWS credentials to look for the stack Coatcheck with: /);
    expect(message).toContain(
      `\nThe local AWS doesn't run any more, which had ${url}: start it by npm run local, or name a service by --api`,
    );
  });
});

test('outputs of a local deployment that are missing may be those of a newer one', async () => {
  const { url } = await serve((_, response) => response.writeHead(200).end());
  await deployedLocally({ ApiUrl: url });
  const deployment = await find();
  expect(() => deployment('WebhookQueueUrl')).toThrow('look there: --stack Coatcheck');
});
