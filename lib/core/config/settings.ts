import { quote } from '../base/quote.ts';
import {
  POLLER_BATCHES,
  SQS_MAX_DELAY_SECONDS,
  SQS_MAX_RETENTION_SECONDS,
  SQS_MAX_VISIBILITY_SECONDS,
} from './aws-limits.ts';
import { OUTCOME_STATUSES } from './outcome-statuses.ts';

/** A numeric setting of a service: one definition for constructs, functions, docs and tests. */
export interface NumberSetting {
  /** The path of the prop of `AsyncService`. Its value is a number, or a `Duration` if the unit is one of time. */
  readonly prop: string;
  /** The unit of `min`, `max` and `default`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** Undefined if the default depends on other settings, or if the setting is off by default. */
  readonly default?: number;
  /** The environment variable that passes it to a function. Undefined if only the deployment needs it. */
  readonly variable?: string;
  /** The documentation of the limit, if AWS sets it. */
  readonly source?: string;
}

const SQS_QUEUE_ATTRIBUTES =
  'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html';

const LAMBDA_EVENT_SOURCE = 'https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html';

const POLLER_CONFIG = 'https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html';

const LAMBDA_QUOTAS = 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html';

/**
 * A request may use a socket to S3 and one that its handler opens. The rest of 1,024 is for queues, results and
 * retries.
 */
const MAX_CONCURRENCY = 400;

/** The API of Lambda accepts 10,000 pollers, aws-cdk-lib 2,000, which run 20,000 batches at a time. */
const MAX_POLLERS = 2_000;

/** A day longer than SQS keeps a message, so that every object outlives the messages that refer to it. */
const LONGER_THAN_ANY_QUEUE_DAYS = SQS_MAX_RETENTION_SECONDS / 86_400 + 1;

/** A hundred years. S3 has no practical limit. */
const MAX_AGE_DAYS = 36_500;

/** All numeric settings by their names in code. */
export const NUMBER_SETTINGS = {
  batchSize: {
    prop: 'queue.batchSize',
    unit: 'messages',
    min: 1,
    max: 10_000,
    default: 10,
    source: LAMBDA_EVENT_SOURCE,
  },
  batchWindowSeconds: {
    prop: 'queue.batchWindow',
    unit: 'seconds',
    min: 0,
    max: 300,
    default: 0,
    source: LAMBDA_EVENT_SOURCE,
  },
  maxConcurrency: {
    prop: 'queue.maxConcurrency',
    unit: 'batches',
    min: 2,
    max: 1_000,
    default: 500,
    source: LAMBDA_EVENT_SOURCE,
  },
  highMaxConcurrency: {
    prop: 'queue.lanes.highMaxConcurrency',
    unit: 'batches',
    min: 2,
    max: 1_000,
    default: 100,
    source: LAMBDA_EVENT_SOURCE,
  },
  lowMaxConcurrency: {
    prop: 'queue.lanes.lowMaxConcurrency',
    unit: 'batches',
    min: 2,
    max: 1_000,
    default: 10,
    source: LAMBDA_EVENT_SOURCE,
  },
  minPollers: {
    prop: 'queue.pollers.min',
    unit: 'pollers',
    min: 2,
    max: 200,
    source: POLLER_CONFIG,
  },
  maxPollers: {
    prop: 'queue.pollers.max',
    unit: 'pollers',
    min: 2,
    max: MAX_POLLERS,
    source: POLLER_CONFIG,
  },
  concurrency: {
    prop: 'function.requestConcurrency',
    unit: 'requests',
    min: 1,
    max: MAX_CONCURRENCY,
    variable: 'COATCHECK_CONCURRENCY',
  },
  reservedConcurrency: {
    prop: 'function.reservedConcurrency',
    unit: 'invocations',
    min: 2,
    max: MAX_POLLERS * POLLER_BATCHES,
  },
  ephemeralStorageMiB: {
    prop: 'function.ephemeralStorage',
    unit: 'MiB',
    min: 512,
    max: 10_240,
    default: 512,
    source: LAMBDA_QUOTAS,
  },
  memoryMiB: {
    prop: 'function.memoryMiB',
    unit: 'MiB',
    min: 128,
    max: 10_240,
    default: 512,
    source: LAMBDA_QUOTAS,
  },
  timeoutSeconds: {
    prop: 'function.timeout',
    unit: 'seconds',
    min: 3,
    max: 900,
    default: 60,
    variable: 'COATCHECK_TIMEOUT_SECONDS',
    source: LAMBDA_QUOTAS,
  },
  visibilityTimeoutSeconds: {
    prop: 'queue.visibilityTimeout',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    variable: 'COATCHECK_VISIBILITY_TIMEOUT_SECONDS',
    source: SQS_QUEUE_ATTRIBUTES,
  },
  inputRetentionSeconds: {
    prop: 'queue.retention',
    unit: 'seconds',
    min: 60,
    max: SQS_MAX_RETENTION_SECONDS - 1,
    default: 345_600,
    variable: 'COATCHECK_INPUT_RETENTION_SECONDS',
    source: SQS_QUEUE_ATTRIBUTES,
  },
  outputRetentionSeconds: {
    prop: 'output.queue.retention',
    unit: 'seconds',
    min: 60,
    max: SQS_MAX_RETENTION_SECONDS - 1,
    source: SQS_QUEUE_ATTRIBUTES,
  },
  outputVisibilityTimeoutSeconds: {
    prop: 'output.queue.visibilityTimeout',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    default: 60,
    source: SQS_QUEUE_ATTRIBUTES,
  },
  outputMaxReceiveCount: {
    prop: 'output.queue.maxReceiveCount',
    unit: 'receives',
    min: 1,
    max: 1_000,
    default: 5,
    source: SQS_QUEUE_ATTRIBUTES,
  },
  maxAttempts: {
    prop: 'retry.maxAttempts',
    unit: 'attempts',
    min: 1,
    max: 400,
    default: 5,
    variable: 'COATCHECK_MAX_ATTEMPTS',
  },
  retryBaseSeconds: {
    prop: 'retry.baseDelay',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    default: 10,
    variable: 'COATCHECK_RETRY_BASE_SECONDS',
  },
  retryCapSeconds: {
    prop: 'retry.maxDelay',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    default: 900,
    variable: 'COATCHECK_RETRY_CAP_SECONDS',
  },
  pauseSeconds: {
    prop: 'circuitBreaker.pause',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_DELAY_SECONDS,
    default: 30,
    variable: 'COATCHECK_PAUSE_SECONDS',
  },
  failureRatePercent: {
    prop: 'circuitBreaker.failureRate',
    unit: 'percent',
    min: 1,
    max: 100,
    variable: 'COATCHECK_FAILURE_RATE_PERCENT',
  },
  minReleaseSuccessPercent: {
    prop: 'release.minSuccessRate',
    unit: 'percent',
    min: 1,
    max: 100,
    default: 50,
  },
  inlineLimitBytes: {
    prop: 'output.inlineLimitBytes',
    unit: 'bytes',
    min: 0,
    max: 1_000_000,
    default: 262_144,
    variable: 'COATCHECK_INLINE_LIMIT_BYTES',
  },
  maxPayloadBytes: {
    prop: 'payloads.maxBytes',
    unit: 'bytes',
    min: 1,
    max: 50_000_000_000_000,
    default: 5_368_709_120,
    variable: 'COATCHECK_MAX_PAYLOAD_BYTES',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html',
  },
  maxBufferedBytes: {
    prop: 'payloads.maxBufferedBytes',
    unit: 'bytes',
    min: 1,
    max: 536_870_888,
    default: 16_777_216,
    variable: 'COATCHECK_MAX_BUFFERED_BYTES',
  },
  maxJsonDepth: {
    prop: 'payloads.maxJsonDepth',
    unit: 'levels',
    min: 1,
    max: 1_000,
    default: 128,
    variable: 'COATCHECK_MAX_JSON_DEPTH',
  },
  uploadAgeDays: {
    prop: 'payloads.lifecycle.uploads',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: LONGER_THAN_ANY_QUEUE_DAYS,
    variable: 'COATCHECK_UPLOAD_AGE_DAYS',
  },
  resultAgeDays: {
    prop: 'payloads.lifecycle.results',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: LONGER_THAN_ANY_QUEUE_DAYS,
    variable: 'COATCHECK_RESULT_AGE_DAYS',
  },
  consumerCopyAgeDays: {
    prop: 'payloads.lifecycle.consumerCopies',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: LONGER_THAN_ANY_QUEUE_DAYS,
  },
  replacedUploadAgeDays: {
    prop: 'payloads.lifecycle.replacedUploads',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: 5,
  },
  incompleteUploadAgeDays: {
    prop: 'payloads.lifecycle.incompleteUploads',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: 1,
  },
  recordAgeDays: {
    prop: 'records.retention',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: 2 * LONGER_THAN_ANY_QUEUE_DAYS,
    variable: 'COATCHECK_RECORD_AGE_DAYS',
  },
  oldestRequestAlarmSeconds: {
    prop: 'observability.oldestRequestAlarm',
    unit: 'seconds',
    min: 60,
    max: SQS_MAX_RETENTION_SECONDS,
    default: 3_600,
  },
  auditIntervalSeconds: {
    prop: 'observability.audit.every',
    unit: 'seconds',
    // Longer than an audit may take.
    min: 3_600,
    max: 7 * 86_400,
  },
  maxWaitSeconds: {
    prop: 'api.maxWait',
    unit: 'seconds',
    min: 1,
    max: 345_600,
    default: 900,
    variable: 'COATCHECK_MAX_WAIT_SECONDS',
  },
  tenantSharePercent: {
    prop: 'api.tenantShare',
    unit: 'percent',
    min: 1,
    max: 100,
    default: 50,
    variable: 'COATCHECK_TENANT_SHARE_PERCENT',
  },
} as const satisfies Record<string, NumberSetting>;

/** The name of a numeric setting. */
export type NumberSettingName = keyof typeof NUMBER_SETTINGS;

/** The definition of a numeric setting, with its optional members. */
export function numberSetting(name: NumberSettingName): NumberSetting {
  return NUMBER_SETTINGS[name];
}

/**
 * The problem with a value of a numeric setting; undefined if it is valid.
 * @param path the name of the value in the message: the path of a prop or the name of a variable
 */
export function numberProblem(name: NumberSettingName, value: unknown, path: string): string | undefined {
  return rangeProblem(numberSetting(name), value, path);
}

/** The whole numbers of a range. */
export type NumberRange = Pick<NumberSetting, 'min' | 'max' | 'unit'>;

/** The problem with a value that must be a whole number in a range; undefined if it is one. */
export function rangeProblem(range: NumberRange, value: unknown, path: string): string | undefined {
  if (Number.isInteger(value) && Number(value) >= range.min && Number(value) <= range.max) return undefined;
  return `${path} must be ${rangeText(range)}, got ${quote(value)}`;
}

/** Says in messages what is in a range. */
export function rangeText({ min, max, unit }: NumberRange): string {
  return `a whole number ${unit && `of ${unit} `}from ${min} to ${max}`;
}

/** Smallest MaximumMessageSize of an output queue, in bytes: a failure without its details always fits. */
export const OUTPUT_MIN_MESSAGE_BYTES = 8_192;

/** How an outcome is written to an output queue of SQS, for which CloudEvents defines no binary mode. */
export const SQS_OUTPUT_FORMATS = ['cloudevents', 'raw', 'truefoundry', 'cloudevents-stream'] as const;

/** How an outcome is written to the output queue. */
export const OUTPUT_FORMATS = [...SQS_OUTPUT_FORMATS, 'cloudevents-binary'] as const;

/**
 * `cloudevents`: structured CloudEvents 1.0. `cloudevents-stream`: the same, and the chunks of streams while they are
 * produced. `raw`: the result's bytes, the rest as message attributes. `truefoundry`: as
 * TrueFoundry's async service writes it.
 */
export type SqsOutputFormat = (typeof SQS_OUTPUT_FORMATS)[number];

/** Those of {@link SqsOutputFormat}, and `cloudevents-binary`: the result's bytes, the event's attributes as headers. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** How requests run: at the same time, or those of one ordering key in the order in which they came. */
export const ORDERS = ['none', 'fifo'] as const;

/** `fifo`: requests of one ordering key run one after another. */
export type Order = (typeof ORDERS)[number];

/** What an ordered request that has used up its attempts does to the requests behind it. */
export const ON_EXHAUSTED = ['skip', 'block'] as const;

/** `skip`: it is dead-lettered, and they continue. `block`: it is retried, and they wait for it. */
export type OnExhausted = (typeof ON_EXHAUSTED)[number];

/** What stands for the URL of the output queue where there is none, so that none is left out by mistake. */
export const NO_OUTPUT_URL = 'none';

/** @default - outcomes are CloudEvents */
export const DEFAULT_OUTPUT_FORMAT: SqsOutputFormat = 'cloudevents';

/** Destinations of spans. */
export const TRACE_TARGETS = ['off', 'otlp', 'xray'] as const;

/** `off`: nowhere. `otlp`: the endpoint in OpenTelemetry's environment variables. `xray`: X-Ray's OTLP endpoint. */
export type TraceTarget = (typeof TRACE_TARGETS)[number];

/** How callers of the HTTP API are authenticated. */
export const API_AUTHS = ['iam', 'jwt', 'none'] as const;

/**
 * `iam`: signed with AWS credentials. `jwt`: with a token of a trusted issuer. `none`: anyone who can reach the API.
 */
export type ApiAuthName = (typeof API_AUTHS)[number];

/** Every upload under this prefix is a request. */
export const DEFAULT_UPLOAD_PREFIX = 'requests/';

/**
 * The folder under the upload prefix for uploads with a ticket of the API. The key of such an upload contains the
 * tenant and the request id.
 */
export const TICKET_FOLDER = 'tickets/';

/**
 * The folder under the payload prefix for objects whose lines become items of batches. Uploading one doesn't make a request, and it is
 * kept as long as a payload.
 */
export const IMPORT_FOLDER = 'batches/';

/** The prefix of payloads that messages refer to. Uploading one doesn't make a request. */
export const DEFAULT_PAYLOAD_PREFIX = 'payloads/';

/** Results above the inline limit are stored under this prefix. */
export const DEFAULT_RESULT_PREFIX = 'results/';

/** Manifests of batches are stored in this folder below the prefix of results, and are kept as long. */
export const MANIFEST_FOLDER = 'batches/';

/** Copies of results for consumers that delete what they fetched are stored under this prefix. */
export const DEFAULT_CONSUMER_COPY_PREFIX = 'consumer-copies/';

/** Longest prefix, in characters: a key has at most 1,024 bytes, and the rest of it needs most of them. */
export const PREFIX_MAX_LENGTH = 128;

/**
 * Longest tenant of a request from the API, in characters: the key of a ticket contains it as base64 of up to 3 bytes a
 * character, which is 512 of the 1,024 bytes of a key.
 */
export const API_TENANT_MAX_LENGTH = 128;

/** Which addresses callback URLs may lead to. */
export const CALLBACKS = ['off', 'public', 'local'] as const;

/**
 * `off`: none. `public`: public addresses, by HTTPS. `local`: this machine as well, by HTTP and on any port; only a
 * local AWS may use it.
 */
export type Callbacks = (typeof CALLBACKS)[number];

/** The ports that callback URLs may name by default. */
export const DEFAULT_CALLBACK_PORTS: readonly number[] = [443, 8443];

/** The events that a webhook can report: outcomes, and progress. */
export const WEBHOOK_EVENTS = [...OUTCOME_STATUSES, 'progress'] as const;

/** An event that a webhook can report. */
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** The events that webhooks report by default. */
export const DEFAULT_WEBHOOK_EVENTS: readonly WebhookEvent[] = OUTCOME_STATUSES;
