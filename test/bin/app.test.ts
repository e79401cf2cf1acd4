import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addService } from '../../bin/service-stack.ts';
import { ConfigurationError } from '../../lib/core/base/errors.ts';
import { emptyApp, readable, resource } from '../constructs/service-in-app.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const PROCESSOR = 'test/constructs/fixtures/processor.ts';

/** What the CDK's command line gives the app: no credentials, no account, and a `-c` that names the processor. */
function stackOf(context: Record<string, unknown>, endpoint = '') {
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  const stack = addService(emptyApp({ processor: PROCESSOR, ...context }));
  expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
  return { name: stack.stackName, template: Template.fromStack(stack) };
}

afterEach(() => vi.unstubAllEnvs());

describe('the program', () => {
  /** Runs the app as the CDK's command line does. */
  async function synthesize(context: Record<string, unknown>, folder: string) {
    const { context: flags } = JSON.parse(await readFile('cdk.json', 'utf8'));
    const { stderr } = await promisify(execFile)(process.execPath, ['bin/app.ts'], {
      env: {
        PATH: process.env.PATH,
        CDK_OUTDIR: folder,
        CDK_VALIDATION: 'true',
        CDK_CONTEXT_JSON: JSON.stringify({ ...flags, 'aws:cdk:bundling-stacks': [], ...context }),
      },
    });
    return stderr;
  }

  it('synthesizes a stack with these outputs, without findings or warnings', async () => {
    const folder = await temporaryFolder();
    expect(await synthesize({ processor: PROCESSOR }, folder)).toBe('');
    const { Outputs: outputs } = JSON.parse(await readFile(join(folder, 'Coatcheck.template.json'), 'utf8'));
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

  it('D7: refuses context by one message', async () => {
    const error = await synthesize({ stack: 'my_service' }, await temporaryFolder()).catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: 1, stdout: '' });
    expect(error.stderr.trim().split('\n')).toEqual([expect.stringContaining('-c stack must begin with')]);
  });
});

it('uses the name of the stack', () => {
  const { name, template } = stackOf({ stack: 'Reports' });
  expect(name).toBe('Reports');
  template.hasOutput('PayloadBucketName', {});
});

it('rejects unknown context', () => {
  expect(() => stackOf({ proccessor: PROCESSOR })).toThrow(
    '-c must be one of processor, stack, alarmTopic, webhooks, api, jwtIssuer, jwtAudience, tenantClaim, got proccessor',
  );
});

describe('webhooks', () => {
  function webhooksOf(given: unknown, endpoint?: string) {
    const { template } = stackOf({ webhooks: given }, endpoint);
    const names = Object.keys(template.findOutputs('*')).filter((name) => name.startsWith('Webhook'));
    const { Variables } = resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').properties
      .Environment;
    return {
      names: names.sort(),
      url: Variables.COATCHECK_WEBHOOK_DEFAULT_URL,
      to: Variables.COATCHECK_CALLBACKS,
    };
  }
  const names = ['WebhookDeadLetterQueueUrl', 'WebhookQueueUrl', 'WebhookSecretArn'];

  it('are on request, with an optional default URL', () => {
    const url = 'https://example.com/hook';
    expect(webhooksOf(url)).toEqual({ names, url, to: 'public' });
    expect(webhooksOf('true', 'http://localhost:4566')).toEqual({ names, url: undefined, to: 'local' });
  });

  it('accept only a URL', () => {
    expect(() => stackOf({ webhooks: 'yes' })).toThrow(
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
])('D7: %j is refused by one line', (context, message) => {
  expect(() => stackOf(context)).toThrow(ConfigurationError);
  expect(() => stackOf(context)).toThrow(new RegExp(`^${message}[^\\n]*$`));
});

it('names the processor that is missing', () => {
  expect(() => stackOf({ processor: 'nowhere.ts' })).toThrow(
    /entry must be an existing JavaScript or TypeScript file, got .*nowhere\.ts/,
  );
});

describe('the HTTP API', () => {
  const EMULATOR = 'http://127.0.0.1:4566';
  const tokens = { jwtIssuer: 'https://issuer.example.com', jwtAudience: 'coatcheck' };

  /** Who may call, and where. */
  function apiOf(context: Record<string, unknown>, endpoint?: string) {
    const { template } = stackOf(context, endpoint);
    const { Environment } = resource(template, 'AWS::Lambda::Function', 'ServiceApi').properties;
    const { ApiUrl } = template.toJSON().Outputs;
    return {
      auth: Environment.Variables.COATCHECK_API_AUTH,
      tenantClaim: Environment.Variables.COATCHECK_TENANT_CLAIM,
      url: readable(ApiUrl.Value),
      api: resource(template, 'AWS::ApiGatewayV2::Api').id,
    };
  }

  it('requires AWS credentials by default, at the URL of API Gateway', () => {
    const { auth, url, api } = apiOf({});
    expect({ auth, url }).toEqual({ auth: 'iam', url: `<${api}.ApiEndpoint>` });
  });

  it('is open to anyone on an emulator, at the URL of the emulator', () => {
    const { auth, url, api } = apiOf({}, `${EMULATOR}/`);
    expect({ auth, url }).toEqual({
      auth: 'none',
      url: `${EMULATOR}/_aws/execute-api/<${api}>/$default`,
    });
  });

  it('authenticates callers as the context says', () => {
    expect(apiOf({ api: 'iam' }, EMULATOR)).toMatchObject({ auth: 'iam' });
    expect(apiOf({ ...tokens, tenantClaim: 'org' }, EMULATOR)).toMatchObject({
      auth: 'jwt',
      tenantClaim: 'org',
    });
  });

  it('can be off', () => {
    const { Outputs: outputs, Resources: all } = stackOf({ api: 'off' }).template.toJSON();
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
  ])('%j is refused', (context, message) => {
    expect(() => stackOf(context)).toThrow(message);
  });
});
