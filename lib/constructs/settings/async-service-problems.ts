import { RemovalPolicy } from 'aws-cdk-lib';
import { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { isObject } from '../../core/base/json-object.ts';
import { VERDICTS } from '../../core/config/audit-verdicts.ts';
import {
  ANYTHING,
  either,
  FLAG,
  having,
  listOf,
  type MemberShapes,
  NUMBER,
  objectOf,
  oneOf,
  recordOf,
  required,
  type Shape,
  shape,
  shapeProblems,
  TEXT,
} from '../../core/config/shape.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { CircuitBreakerProps } from '../circuit-breaker-props.ts';
import type { ReleaseProps } from '../release-props.ts';
import type { ConsoleProps, RequestApiProps } from '../request-api-props.ts';
import type { WebhookProps } from '../webhook-props.ts';
import {
  BUCKET,
  DURATION,
  KEY,
  number,
  propsProblems,
  QUEUE,
  SECRET,
  SECURITY_GROUP,
  SIZE,
  TOPIC,
  VPC,
} from './cdk-shapes.ts';
import type { FargateProps, ForwardToContainer } from './fargate-props.ts';
import type { InputQueueProps, LaneProps, PollerProps } from './input-queue-props.ts';
import type { AuditProps, FailureEventsProps, ObservabilityProps } from './observability-props.ts';
import type { OutputProps, OutputQueueProps } from './output-props.ts';
import type { PayloadLifecycle, PayloadPrefixes, PayloadProps, PayloadSource } from './payload-props.ts';
import type { ProcessorFunctionProps } from './processor-function-props.ts';
import type { RecordProps } from './record-props.ts';
import type { RetryProps } from './retry-props.ts';

const FORWARD_TO = objectOf<ForwardToContainer>({
  image: required(having('bind', 'a ContainerImage of the CDK')),
  port: required(NUMBER),
  path: TEXT,
  readyPath: TEXT,
  environment: recordOf(TEXT),
  secrets: recordOf(having('arn', 'a Secret of aws-ecs')),
});

const FARGATE = objectOf<FargateProps>({
  vpc: VPC,
  cluster: having('clusterArn', 'an ECS cluster of the CDK'),
  vpcSubnets: ANYTHING,
  securityGroups: listOf(SECURITY_GROUP),
  cpu: NUMBER,
  memoryLimitMiB: NUMBER,
  concurrency: NUMBER,
  minTasks: NUMBER,
  maxTasks: NUMBER,
  targetWait: DURATION,
  spot: FLAG,
  stopTimeout: DURATION,
  baseImage: TEXT,
  forwardTo: FORWARD_TO,
});

const IS_HOST = having('fargate', 'Host.lambda() or Host.fargate()');

/** The props of Fargate have the path of the host in all messages. */
const HOST: Shape = {
  ...IS_HOST,
  problemsOf: (host, path) =>
    isObject(host) && 'fargate' in host
      ? shapeProblems(FARGATE, host.fargate, path)
      : IS_HOST.problemsOf(host, path),
};

const INPUT_QUEUE = objectOf<InputQueueProps>({
  queue: QUEUE,
  deadLetterQueue: QUEUE,
  sources: listOf(having('bind', 'an event source of the CDK')),
  batchSize: number('batchSize'),
  batchWindow: DURATION,
  maxConcurrency: number('maxConcurrency'),
  pollers: objectOf<PollerProps>({
    min: required(number('minPollers')),
    max: required(number('maxPollers')),
  }),
  lanes: objectOf<LaneProps>({
    highMaxConcurrency: number('highMaxConcurrency'),
    lowMaxConcurrency: number('lowMaxConcurrency'),
  }),
  visibilityTimeout: DURATION,
  retention: DURATION,
});

const RETRY = objectOf<RetryProps>({
  maxAttempts: number('maxAttempts'),
  onExhausted: ANYTHING,
  baseDelay: DURATION,
  maxDelay: DURATION,
});

const PAYLOADS = objectOf<PayloadProps>({
  bucket: BUCKET,
  maxBytes: number('maxPayloadBytes'),
  maxBufferedBytes: number('maxBufferedBytes'),
  maxJsonDepth: number('maxJsonDepth'),
  prefixes: objectOf<PayloadPrefixes>({ uploads: TEXT, payloads: TEXT, results: TEXT, consumerCopies: TEXT }),
  lifecycle: objectOf<PayloadLifecycle>({
    uploads: DURATION,
    results: DURATION,
    consumerCopies: DURATION,
    replacedUploads: DURATION,
    incompleteUploads: DURATION,
  }),
  sources: listOf(objectOf<PayloadSource>({ bucket: required(BUCKET), prefix: TEXT })),
});

const NEW_OUTPUT_QUEUE = objectOf<OutputQueueProps>({
  retention: DURATION,
  visibilityTimeout: DURATION,
  maxReceiveCount: number('outputMaxReceiveCount'),
});

/** A queue that exists, or the settings of a new one. */
export const OUTPUT_QUEUE = either(
  QUEUE,
  NEW_OUTPUT_QUEUE,
  'an SQS queue of the CDK, or an object with settings',
);

const OUTPUT = either(
  shape('false', (value) => value === false),
  objectOf<OutputProps>({
    queue: OUTPUT_QUEUE,
    fanOut: FLAG,
    format: ANYTHING,
    inlineLimitBytes: number('inlineLimitBytes'),
  }),
  'false, or an object with settings',
);

const FUNCTION_PROPS = objectOf<ProcessorFunctionProps>({
  memoryMiB: number('memoryMiB'),
  timeout: DURATION,
  requestConcurrency: number('concurrency'),
  reservedConcurrency: number('reservedConcurrency'),
  ephemeralStorage: SIZE,
  layers: listOf(having('layerVersionArn', 'a layer of the CDK')),
  filesystem: having('config', 'a FileSystem of aws-lambda'),
  vpc: VPC,
  vpcSubnets: ANYTHING,
  securityGroups: listOf(SECURITY_GROUP),
  allowPublicSubnet: FLAG,
  environment: recordOf(TEXT),
  bundling: ANYTHING,
  depsLockFilePath: TEXT,
  projectRoot: TEXT,
  architecture: having('dockerPlatform', 'an Architecture of aws-lambda'),
});

const RECORDS = objectOf<RecordProps>({ retention: DURATION, metadata: ANYTHING, pointInTimeRecovery: FLAG });

const OBSERVABILITY = objectOf<ObservabilityProps>({
  logLevel: oneOf(Object.values(ApplicationLogLevel)),
  logRetention: shape('one of RetentionDays', (value) =>
    Object.values(RetentionDays).some((each) => each === value),
  ),
  metrics: FLAG,
  tracing: having('variables', 'Tracing.xray() or Tracing.otlp()'),
  dashboard: FLAG,
  alarmTopic: TOPIC,
  oldestRequestAlarm: DURATION,
  failureEvents: objectOf<FailureEventsProps>({
    bus: having('eventBusArn', 'an event bus of the CDK'),
    topic: TOPIC,
  }),
  audit: objectOf<AuditProps>({ every: required(DURATION), except: listOf(oneOf(Object.keys(VERDICTS))) }),
});

const CONSOLE = objectOf<ConsoleProps>({
  clientId: required(TEXT),
  scopes: listOf(TEXT),
  parameters: recordOf(TEXT),
  url: TEXT,
  allowActions: FLAG,
});

const API = objectOf<RequestApiProps>({
  auth: having('problems', 'ApiAuth.iam() or ApiAuth.jwt()'),
  maxWait: DURATION,
  tenantShare: number('tenantSharePercent'),
  schedules: FLAG,
  batches: FLAG,
  actions: FLAG,
  receipts: SECRET,
  activity: FLAG,
  console: CONSOLE,
  corsOrigins: listOf(TEXT),
});

const WEBHOOKS = objectOf<WebhookProps>({
  secret: SECRET,
  defaultUrl: TEXT,
  events: listOf(ANYTHING),
  endpoints: FLAG,
  ports: listOf(ANYTHING),
  allowLocal: FLAG,
});

/** Limits, versions and the like have checks of their own. */
const PROPS: MemberShapes<AsyncServiceProps> = {
  entry: TEXT,
  handler: TEXT,
  serviceName: TEXT,
  version: ANYTHING,
  host: HOST,
  queue: INPUT_QUEUE,
  order: ANYTHING,
  topics: listOf(TEXT),
  limits: ANYTHING,
  retry: RETRY,
  payloads: PAYLOADS,
  output: OUTPUT,
  function: FUNCTION_PROPS,
  secrets: recordOf(required(SECRET)),
  encryptionKey: KEY,
  records: RECORDS,
  observability: OBSERVABILITY,
  circuitBreaker: objectOf<CircuitBreakerProps>({
    pause: DURATION,
    failureRate: number('failureRatePercent'),
    pauseEventSource: FLAG,
  }),
  release: objectOf<ReleaseProps>({
    traffic: having('deploymentConfigName', 'a LambdaDeploymentConfig of aws-codedeploy'),
    minSuccessRate: number('minReleaseSuccessPercent'),
    alarms: listOf(having('alarmArn', 'an alarm of the CDK')),
  }),
  api: API,
  webhooks: WEBHOOKS,
  removalPolicy: oneOf(Object.values(RemovalPolicy)),
};

/** Props that there aren't, and props that are nothing of the kind that they must be: the other checks rely on it. */
export function asyncServiceProblems(props: unknown): readonly string[] {
  return propsProblems(objectOf(PROPS), props);
}

/** The same for a processor that is added to a service. */
export function processorProblems(props: unknown): readonly string[] {
  return propsProblems(objectOf<AsyncServiceProps>({ ...PROPS, topics: required(PROPS.topics) }), props);
}
