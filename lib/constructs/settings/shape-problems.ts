import { Token } from 'aws-cdk-lib';
import { isObject } from '../../core/base/json-object.ts';
import { quote } from '../../core/base/quote.ts';
import { nullProblems } from '../../core/config/null-problems.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';

/** The kind of value that a prop takes. TypeScript checks that, too, but JavaScript programs may pass anything. */
interface Shape {
  readonly what: string;
  readonly fits: (value: unknown) => boolean;
}

const GROUP: Shape = { what: 'an object with settings', fits: isObject };
const LIST: Shape = { what: 'a list', fits: Array.isArray };
const TEXT: Shape = { what: 'a text', fits: (value) => typeof value === 'string' };

/** An object that has a member which others lack. A class of another copy of a package passes, too. */
function having(member: string, what: string): Shape {
  return { what, fits: (value) => isObject(value) && member in value };
}

const DURATION = having('toSeconds', 'a Duration');
const QUEUE = having('queueArn', 'an SQS queue of the CDK');
const BUCKET = having('bucketArn', 'an S3 bucket of the CDK');
const TOPIC = having('topicArn', 'an SNS topic of the CDK');
const SECRET = having('secretArn', 'a secret of the CDK');

/** By their paths. Settings of numbers and of enumerated texts have checks of their own. */
const SHAPES: Readonly<Record<string, Shape>> = {
  entry: TEXT,
  handler: TEXT,
  serviceName: TEXT,
  host: having('fargate', 'Host.lambda() or Host.fargate()'),
  'host.fargate.targetWait': DURATION,
  'host.fargate.stopTimeout': DURATION,
  queue: GROUP,
  'queue.queue': QUEUE,
  'queue.deadLetterQueue': QUEUE,
  'queue.sources': LIST,
  'queue.pollers': GROUP,
  'queue.lanes': GROUP,
  topics: LIST,
  limits: LIST,
  retry: GROUP,
  payloads: GROUP,
  'payloads.bucket': BUCKET,
  'payloads.sources': LIST,
  'payloads.prefixes': GROUP,
  'payloads.lifecycle': GROUP,
  output: { what: 'false, or an object with settings', fits: (value) => value === false || isObject(value) },
  'output.queue': GROUP,
  function: GROUP,
  'function.environment': GROUP,
  'function.layers': LIST,
  'function.vpc': having('vpcId', 'a VPC of the CDK'),
  'function.securityGroups': LIST,
  secrets: GROUP,
  encryptionKey: having('keyArn', 'a KMS key of the CDK'),
  records: GROUP,
  observability: GROUP,
  'observability.tracing': having('variables', 'Tracing.xray() or Tracing.otlp()'),
  'observability.alarmTopic': TOPIC,
  'observability.failureEvents': GROUP,
  'observability.failureEvents.topic': TOPIC,
  'observability.failureEvents.bus': having('eventBusArn', 'an event bus of the CDK'),
  'observability.audit': having('every', 'an object with every'),
  'observability.audit.every': DURATION,
  circuitBreaker: GROUP,
  release: GROUP,
  'release.alarms': LIST,
  api: GROUP,
  'api.auth': having('problems', 'ApiAuth.iam() or ApiAuth.jwt()'),
  'api.receipts': SECRET,
  'api.console': GROUP,
  'api.corsOrigins': LIST,
  webhooks: GROUP,
  'webhooks.secret': SECRET,
  'webhooks.events': LIST,
  'webhooks.ports': LIST,
};

/** Props that are nothing of the kind that they must be: the other checks rely on it. */
export function shapeProblems(props: AsyncServiceProps): string[] {
  const nulls = nullProblems(props);
  if (nulls.length > 0) return nulls;
  return Object.entries(SHAPES).flatMap(([path, { what, fits }]) => {
    const value = valueAt(path, props);
    if (value === undefined || fits(value) || Token.isUnresolved(value)) return [];
    return [`${path} must be ${what}, got ${received(value)}`];
  });
}

function valueAt(path: string, props: AsyncServiceProps): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), props);
}

/** An object may be a construct, which can't be written as JSON. */
function received(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return isObject(value) ? 'another object' : quote(value);
}
