import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { emulatorEndpoint } from '../lib/constructs/emulated-aws.ts';
import { ApiAuth, AsyncService, type WebhookProps } from '../lib/constructs/index.ts';
import { ConfigurationError } from '../lib/core/base/errors.ts';
import { DEFAULT_STACK } from '../lib/core/config/service-outputs.ts';

/** The names of `-c`. */
const CONTEXT = [
  'processor',
  'stack',
  'alarmTopic',
  'webhooks',
  'api',
  'jwtIssuer',
  'jwtAudience',
  'tenantClaim',
] as const;

type Context = (name: (typeof CONTEXT)[number]) => string | undefined;

/**
 * Adds the stack of the CDK app: one service, configured by the context (`-c`).
 * @throws ConfigurationError for invalid context
 */
export function addService(app: App): Stack {
  rejectUnknownContext(app);
  const context: Context = (name) => {
    const value: unknown = app.node.tryGetContext(name);
    return value === undefined ? undefined : String(value);
  };
  const stack = new Stack(app, stackName(context), {
    description: 'Asynchronous request processing by Coatcheck',
  });
  const topicArn = alarmTopicArn(context);
  const auth = apiAuth(context);
  const service = new AsyncService(stack, 'Service', {
    entry: context('processor') ?? 'examples/csv-profile/processor.ts',
    observability: {
      alarmTopic: topicArn === undefined ? undefined : Topic.fromTopicArn(stack, 'AlarmTopic', topicArn),
    },
    api: auth && { auth },
    webhooks: webhooks(context),
  });
  // The outputs of a single service need no prefix.
  for (const construct of service.node.findAll()) {
    if (construct instanceof CfnOutput) construct.overrideLogicalId(construct.node.id);
  }
  return stack;
}

/**
 * Rejects misspelled names. Otherwise the app would, for example, silently deploy the example instead of your processor.
 * The CDK's own context has names with other characters, for example `cli-telemetry`.
 */
function rejectUnknownContext(app: App): void {
  const known: readonly string[] = CONTEXT;
  const names = Object.keys(app.node.getAllContext()).filter((name) => /^\w+$/.test(name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ConfigurationError(`-c must be one of ${CONTEXT.join(', ')}, got ${unknown.join(', ')}`);
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
function stackName(context: Context): string {
  const name = context('stack') ?? DEFAULT_STACK;
  if (/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) return name;
  throw new ConfigurationError(
    `-c stack must begin with a letter and have letters, digits and hyphens, 128 at most, got ${name}`,
  );
}

function alarmTopicArn(context: Context): string | undefined {
  const arn = context('alarmTopic');
  if (arn === undefined || /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/.test(arn)) return arn;
  throw new ConfigurationError(
    `-c alarmTopic must be the ARN of an SNS topic, like arn:aws:sns:eu-west-1:123456789012:alarms, got ${arn}`,
  );
}

/** The props of webhooks; undefined without them. On an AWS emulator, webhooks can go to the same machine. */
function webhooks(context: Context): WebhookProps | undefined {
  const given = context('webhooks') ?? 'false';
  const allowLocal = emulatorEndpoint() !== undefined;
  if (given === 'false') return undefined;
  return given === 'true' ? { allowLocal } : { allowLocal, defaultUrl: given };
}

/** How callers of the HTTP API are authenticated; undefined without an API. */
function apiAuth(context: Context): ApiAuth | undefined {
  const [issuer, audience, tenantClaim] = [
    context('jwtIssuer'),
    context('jwtAudience'),
    context('tenantClaim'),
  ];
  const withTokens = issuer !== undefined || audience !== undefined || tenantClaim !== undefined;
  const api = context('api') ?? (withTokens ? 'jwt' : emulatorEndpoint() ? 'none' : 'iam');
  if (withTokens && api !== 'jwt') {
    throw new ConfigurationError(`-c api must be jwt with jwtIssuer, jwtAudience or tenantClaim, got ${api}`);
  }
  switch (api) {
    case 'off':
      return undefined;
    case 'iam':
      return ApiAuth.iam();
    case 'none':
      return ApiAuth.none();
    case 'jwt':
      if (issuer === undefined || audience === undefined) {
        throw new ConfigurationError('-c api=jwt needs -c jwtIssuer=URL and -c jwtAudience=NAME');
      }
      return ApiAuth.jwt({ issuer, audience, tenantClaim });
    default:
      throw new ConfigurationError(`-c api must be one of iam, jwt, none, off, got ${api}`);
  }
}
