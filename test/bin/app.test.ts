import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readable, resource } from '../constructs/service-in-app.ts';

const PROCESSOR = 'test/constructs/fixtures/processor.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-'));
});
afterAll(() => rm(folder, { recursive: true }));

/**
 * Runs the app as the CDK's command line does; no credentials, no account.
 * @param validation whether the CDK validates the template itself, which takes seconds
 */
async function synthesize(context: Record<string, unknown>, endpoint?: string, validation = false) {
  const { context: flags } = JSON.parse(await readFile('cdk.json', 'utf8'));
  const { stderr } = await promisify(execFile)(process.execPath, ['bin/app.ts'], {
    env: {
      PATH: process.env.PATH,
      ...(endpoint === undefined ? {} : { AWS_ENDPOINT_URL: endpoint }),
      CDK_OUTDIR: folder,
      CDK_VALIDATION: String(validation),
      CDK_CONTEXT_JSON: JSON.stringify({ ...flags, 'aws:cdk:bundling-stacks': [], ...context }),
    },
  });
  return stderr;
}

async function templateOf(stack: string) {
  return JSON.parse(await readFile(join(folder, `${stack}.template.json`), 'utf8'));
}

it('synthesizes a stack with these outputs, without findings or warnings', async () => {
  expect(await synthesize({ processor: PROCESSOR }, undefined, true)).toBe('');
  const { Outputs: outputs } = await templateOf('Coatcheck');
  expect(Object.keys(outputs).sort()).toEqual([
    'ApiUrl',
    'DeadLetterQueueUrl',
    'EventSourceId',
    'InputQueueUrl',
    'OutputDeadLetterQueueUrl',
    'OutputQueueUrl',
    'PayloadBucketName',
    'ProcessorEntry',
    'ProcessorFunctionName',
    'ProcessorLogGroupName',
    'RequestTableName',
  ]);
});

it('uses the name of the stack', async () => {
  await synthesize({ processor: PROCESSOR, stack: 'Reports' });
  expect(await templateOf('Reports')).toHaveProperty('Outputs.PayloadBucketName');
});

it('rejects unknown context', async () => {
  await expect(synthesize({ proccessor: PROCESSOR })).rejects.toThrow(
    '-c must be one of processor, stack, alarmTopic, webhooks, api, jwtIssuer, jwtAudience, tenantClaim, got proccessor',
  );
});

describe('webhooks', () => {
  async function webhooksOf(given: unknown, endpoint?: string) {
    await synthesize({ processor: PROCESSOR, webhooks: given }, endpoint);
    const template = await templateOf('Coatcheck');
    const names = Object.keys(template.Outputs).filter((name) => name.startsWith('Webhook'));
    const { Variables } = resource(Template.fromJSON(template), 'AWS::Lambda::Function', 'ServiceProcessor')
      .properties.Environment;
    return {
      names: names.sort(),
      url: Variables.COATCHECK_WEBHOOK_DEFAULT_URL,
      to: Variables.COATCHECK_CALLBACKS,
    };
  }
  const names = ['WebhookDeadLetterQueueUrl', 'WebhookQueueUrl', 'WebhookSecretArn'];

  it('are on request, with an optional default URL', async () => {
    const url = 'https://example.com/hook';
    expect(await webhooksOf(url)).toEqual({ names, url, to: 'public' });
    expect(await webhooksOf('true', 'http://localhost:4566')).toEqual({ names, url: '', to: 'local' });
  });

  it('accept only a URL', async () => {
    await expect(synthesize({ processor: PROCESSOR, webhooks: 'yes' })).rejects.toThrow(
      'webhooks.defaultUrl: a callback URL must be absolute, got "yes"',
    );
  });
});

it.each([
  [
    { stack: 'my_service' },
    '-c stack must begin with a letter and have letters, digits and hyphens, 128 at most, got my_service',
  ],
  [{ stack: '' }, '-c stack must begin with a letter'],
  [{ alarmTopic: 'foo' }, '-c alarmTopic must be the ARN of an SNS topic'],
  [
    { alarmTopic: 'arn:aws:sqs:eu-west-1:123456789012:queue' },
    '-c alarmTopic must be the ARN of an SNS topic',
  ],
])('D7: %j is refused by one message', async (context, message) => {
  const error = await synthesize({ processor: PROCESSOR, ...context }).catch((thrown) => thrown);
  expect(error.stderr.trim().split('\n')).toEqual([expect.stringContaining(message)]);
});

it('names the processor that is missing', async () => {
  await expect(synthesize({ processor: 'nowhere.ts' })).rejects.toThrow(
    /entry must be an existing JavaScript or TypeScript file, got .*nowhere\.ts/,
  );
});

describe('the HTTP API', () => {
  const EMULATOR = 'http://127.0.0.1:4566';
  const tokens = { jwtIssuer: 'https://issuer.example.com', jwtAudience: 'coatcheck' };

  /** Who may call, and where. */
  async function apiOf(context: Record<string, unknown>, endpoint?: string) {
    expect(await synthesize({ processor: PROCESSOR, ...context }, endpoint)).toBe('');
    const template = Template.fromJSON(await templateOf('Coatcheck'));
    const { Environment } = resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties;
    const { ApiUrl } = template.toJSON().Outputs;
    return {
      auth: Environment.Variables.COATCHECK_API_AUTH,
      tenantClaim: Environment.Variables.COATCHECK_TENANT_CLAIM,
      url: readable(ApiUrl.Value),
      api: resource(template, 'AWS::ApiGatewayV2::Api').id,
    };
  }

  it('requires AWS credentials by default, at the URL of API Gateway', async () => {
    const { auth, url, api } = await apiOf({});
    expect({ auth, url }).toEqual({ auth: 'iam', url: `<${api}.ApiEndpoint>` });
  });

  it('is open to anyone on an emulator, at the URL of the emulator', async () => {
    const { auth, url, api } = await apiOf({}, `${EMULATOR}/`);
    expect({ auth, url }).toEqual({
      auth: 'none',
      url: `${EMULATOR}/_aws/execute-api/<${api}>/$default`,
    });
  });

  it('authenticates callers as the context says', async () => {
    expect(await apiOf({ api: 'iam' }, EMULATOR)).toMatchObject({ auth: 'iam' });
    expect(await apiOf({ ...tokens, tenantClaim: 'org' }, EMULATOR)).toMatchObject({
      auth: 'jwt',
      tenantClaim: 'org',
    });
  });

  it('can be off', async () => {
    expect(await synthesize({ processor: PROCESSOR, api: 'off' })).toBe('');
    const { Outputs: outputs, Resources: all } = await templateOf('Coatcheck');
    expect(outputs).not.toHaveProperty('ApiUrl');
    expect(Object.keys(all).filter((id) => id.startsWith('ServiceApi'))).toEqual([]);
  });

  it.each([
    [{ jwtIssuer: 'foo', jwtAudience: 'a' }, 'api.auth'],
    [{ api: 'basic' }, '-c api must be one of iam, jwt, none, off, got basic'],
    [{ api: 'none' }, 'api.auth must be ApiAuth.iam() or ApiAuth.jwt(…) on AWS, got ApiAuth.none()'],
    [{ api: 'jwt' }, '-c api=jwt needs -c jwtIssuer=URL and -c jwtAudience=NAME'],
    [{ jwtIssuer: tokens.jwtIssuer }, '-c api=jwt needs -c jwtIssuer=URL'],
    [{ ...tokens, api: 'iam' }, '-c api must be jwt with jwtIssuer, jwtAudience or tenantClaim, got iam'],
  ])('%j is refused', async (context, message) => {
    await expect(synthesize({ processor: PROCESSOR, ...context })).rejects.toThrow(message);
  });
});
