/**
 * The CDK app: one service in one stack.
 *
 *     cdk deploy                               the example processor
 *     cdk deploy -c processor=my/processor.ts  your processor
 *     cdk deploy -c stack=Name                 another stack
 *     cdk deploy -c alarmTopic=ARN             notifies an SNS topic when an alarm fires
 *     cdk deploy -c webhooks=true              sends outcomes to the callback URLs of requests
 *     cdk deploy -c webhooks=URL               also sends outcomes of requests without a callback URL to this URL
 *
 * Callers of the HTTP API need AWS credentials; on an AWS emulator anyone can call it. Otherwise:
 *
 *     cdk deploy -c jwtIssuer=URL -c jwtAudience=NAME [-c tenantClaim=NAME]  callers need a token
 *     cdk deploy -c api=iam|none|off                                         callers need AWS credentials, nothing; no API
 */
import { App, CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { emulatorEndpoint } from '../lib/constructs/emulated-aws.ts';
import { ApiAuth, AsyncService, type WebhookProps } from '../lib/constructs/index.ts';
import { ConfigurationError } from '../lib/core/base/errors.ts';
import { DEFAULT_STACK } from '../lib/core/config/service-outputs.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

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

const service = serviceOrMessage();

// The outputs of a single service need no prefix.
for (const construct of service.node.findAll()) {
  if (construct instanceof CfnOutput) construct.overrideLogicalId(construct.node.id);
}

/** Prints a ConfigurationError without its stack. */
function serviceOrMessage(): AsyncService {
  try {
    rejectUnknownContext();
    const stack = new Stack(app, stackName(), {
      description: 'Asynchronous request processing by Coatcheck',
    });
    const topicArn = alarmTopicArn();
    const auth = apiAuth();
    return new AsyncService(stack, 'Service', {
      entry: context('processor') ?? 'examples/csv-profile/processor.ts',
      observability: {
        alarmTopic: topicArn === undefined ? undefined : Topic.fromTopicArn(stack, 'AlarmTopic', topicArn),
      },
      api: auth && { auth },
      webhooks: webhooks(),
    });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/**
 * Rejects misspelled names. Otherwise the app would, for example, silently deploy the example instead of your processor.
 * The CDK's own context has names with other characters, for example `cli-telemetry`.
 */
function rejectUnknownContext(): void {
  const known: readonly string[] = CONTEXT;
  const names = Object.keys(app.node.getAllContext()).filter((name) => /^\w+$/.test(name));
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new ConfigurationError(`-c must be one of ${CONTEXT.join(', ')}, got ${unknown.join(', ')}`);
}

/** @see https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
function stackName(): string {
  const name = context('stack') ?? DEFAULT_STACK;
  if (/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) return name;
  throw new ConfigurationError(
    `-c stack must begin with a letter and have letters, digits and hyphens, 128 at most, got ${name}`,
  );
}

function alarmTopicArn(): string | undefined {
  const arn = context('alarmTopic');
  if (arn === undefined || /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/.test(arn)) return arn;
  throw new ConfigurationError(
    `-c alarmTopic must be the ARN of an SNS topic, like arn:aws:sns:eu-west-1:123456789012:alarms, got ${arn}`,
  );
}

/** The props of webhooks; undefined without them. On an AWS emulator, webhooks can go to the same machine. */
function webhooks(): WebhookProps | undefined {
  const given = context('webhooks') ?? 'false';
  const allowLocal = emulatorEndpoint() !== undefined;
  if (given === 'false') return undefined;
  return given === 'true' ? { allowLocal } : { allowLocal, defaultUrl: given };
}

/** How callers of the HTTP API are authenticated; undefined without an API. */
function apiAuth(): ApiAuth | undefined {
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

function context(name: (typeof CONTEXT)[number]): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  return value === undefined ? undefined : String(value);
}
