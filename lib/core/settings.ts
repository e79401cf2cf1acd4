import { SQS_MAX_DELAY_SECONDS, SQS_MAX_RETENTION_SECONDS, SQS_MAX_VISIBILITY_SECONDS } from './limits.ts';

/** A number the owner of a service may choose: one definition for constructs, functions, docs and tests. */
export interface NumberSetting {
  /** Where an `AsyncService` is given it: a number, or a `Duration` where the unit is one of time. */
  readonly prop: string;
  /** What it decides, in a sentence. */
  readonly meaning: string;
  /** The unit of `min`, `max` and `default`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  /** Absent where the default is computed from other settings or the setting is off unless given. */
  readonly default?: number;
  /** The environment variable by which a function learns it; absent where only the deployment needs it. */
  readonly variable?: string;
  /** Where the limit comes from, when it isn't ours. */
  readonly source?: string;
}

const SQS_QUEUE_ATTRIBUTES =
  'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html';
const LAMBDA_EVENT_SOURCE = 'https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html';
const LAMBDA_QUOTAS = 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html';

/**
 * A request may hold a socket to S3 and one its handler opened; the rest of 1,024 is for queues, results and retries.
 */
const MAX_CONCURRENCY = 400;

/** A day more than SQS keeps a message: whatever a message can still point at is there. */
const LONGER_THAN_ANY_QUEUE_DAYS = SQS_MAX_RETENTION_SECONDS / 86_400 + 1;

/** A hundred years: S3 has no limit that matters. */
const MAX_AGE_DAYS = 36_500;

/** Every number setting, by the name it has in code. */
export const NUMBER_SETTINGS = {
  batchSize: {
    prop: 'batchSize',
    meaning: 'Most messages one invocation is given; over 10 needs a batching window of a second or more.',
    unit: 'messages',
    min: 1,
    max: 10_000,
    default: 10,
    source: LAMBDA_EVENT_SOURCE,
  },
  batchWindowSeconds: {
    prop: 'batchWindow',
    meaning: 'How long an event source waits to fill a batch.',
    unit: 'seconds',
    min: 0,
    max: 300,
    default: 0,
    source: LAMBDA_EVENT_SOURCE,
  },
  maxConcurrency: {
    prop: 'maxConcurrency',
    meaning:
      'Most batches processed at a time. The default leaves half of the 1,000 that an account has unless AWS granted it more to the HTTP API, to webhooks and to other functions.',
    unit: 'batches',
    min: 2,
    max: 1_000,
    default: 500,
    source: LAMBDA_EVENT_SOURCE,
  },
  concurrency: {
    prop: 'concurrency',
    meaning:
      'Most requests of one batch handled at a time; by default the whole batch, up to the maximum: a function may have 1,024 files and sockets open.',
    unit: 'requests',
    min: 1,
    max: MAX_CONCURRENCY,
    variable: 'COATCHECK_CONCURRENCY',
  },
  memoryMiB: {
    prop: 'memoryMiB',
    meaning: 'Memory of the processor; its share of CPU grows with it.',
    unit: 'MiB',
    min: 128,
    max: 10_240,
    default: 512,
    source: LAMBDA_QUOTAS,
  },
  timeoutSeconds: {
    prop: 'timeout',
    meaning: 'Longest time one invocation, that is one batch, may take.',
    unit: 'seconds',
    min: 3,
    max: 900,
    default: 60,
    variable: 'COATCHECK_TIMEOUT_SECONDS',
    source: LAMBDA_QUOTAS,
  },
  visibilityTimeoutSeconds: {
    prop: 'visibilityTimeout',
    meaning:
      'How long a message stays hidden after a crash before it is tried again; by default 6 × `timeout` + `batchWindow`.',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    variable: 'COATCHECK_VISIBILITY_TIMEOUT_SECONDS',
    source: SQS_QUEUE_ATTRIBUTES,
  },
  inputRetentionSeconds: {
    prop: 'inputRetention',
    meaning: 'How long a request may wait in the input queue.',
    unit: 'seconds',
    min: 60,
    max: SQS_MAX_RETENTION_SECONDS - 1,
    default: 345_600,
    variable: 'COATCHECK_INPUT_RETENTION_SECONDS',
    source: SQS_QUEUE_ATTRIBUTES,
  },
  outputRetentionSeconds: {
    prop: 'outputRetention',
    meaning:
      'How long an outcome waits in the output queue; by default as long as a request in the input queue.',
    unit: 'seconds',
    min: 60,
    max: SQS_MAX_RETENTION_SECONDS - 1,
    source: SQS_QUEUE_ATTRIBUTES,
  },
  outputVisibilityTimeoutSeconds: {
    prop: 'outputVisibilityTimeout',
    meaning: 'How long a consumer has an outcome to itself before it is delivered again.',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    default: 60,
    source: SQS_QUEUE_ATTRIBUTES,
  },
  outputMaxReceiveCount: {
    prop: 'outputMaxReceiveCount',
    meaning: 'How often a consumer is given an outcome before it goes to the output dead-letter queue.',
    unit: 'receives',
    min: 1,
    max: 1_000,
    default: 5,
    source: SQS_QUEUE_ATTRIBUTES,
  },
  maxAttempts: {
    prop: 'maxAttempts',
    meaning: 'Attempts before a request fails for good and its message goes to the dead-letter queue.',
    unit: 'attempts',
    min: 1,
    max: 400,
    default: 5,
    variable: 'COATCHECK_MAX_ATTEMPTS',
  },
  retryBaseSeconds: {
    prop: 'retryBase',
    meaning: 'Upper bound of the first wait before a retry; it doubles with every attempt.',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    default: 10,
    variable: 'COATCHECK_RETRY_BASE_SECONDS',
  },
  retryCapSeconds: {
    prop: 'retryCap',
    meaning: 'Upper bound of every wait before a retry; no wait is longer than 11 h 40 min.',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_VISIBILITY_SECONDS,
    default: 900,
    variable: 'COATCHECK_RETRY_CAP_SECONDS',
  },
  pauseSeconds: {
    prop: 'circuitBreaker.pause',
    meaning:
      'How long processing pauses when what every request needs is down; it doubles while nothing succeeds, up to a quarter of an hour.',
    unit: 'seconds',
    min: 1,
    max: SQS_MAX_DELAY_SECONDS,
    default: 30,
    variable: 'COATCHECK_PAUSE_SECONDS',
  },
  failureRatePercent: {
    prop: 'circuitBreaker.failureRate',
    meaning:
      'Share of the last 20 attempts of an instance that must fail, of whatever, for processing to pause.',
    unit: 'percent',
    min: 1,
    max: 100,
    variable: 'COATCHECK_FAILURE_RATE_PERCENT',
  },
  inlineLimitBytes: {
    prop: 'inlineLimitBytes',
    meaning: 'Largest result that travels inside the outcome; a larger one is stored in S3 and referred to.',
    unit: 'bytes',
    min: 0,
    max: 1_000_000,
    default: 262_144,
    variable: 'COATCHECK_INLINE_LIMIT_BYTES',
  },
  maxPayloadBytes: {
    prop: 'maxPayloadBytes',
    meaning: 'Largest payload accepted; a larger one fails without being read.',
    unit: 'bytes',
    min: 1,
    max: 50_000_000_000_000,
    default: 5_368_709_120,
    variable: 'COATCHECK_MAX_PAYLOAD_BYTES',
    source: 'https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html',
  },
  maxBufferedBytes: {
    prop: 'maxBufferedBytes',
    meaning: 'Largest payload `json()`, `text()` and `bytes()` hold in memory; `stream()` has no such limit.',
    unit: 'bytes',
    min: 1,
    max: 536_870_888,
    default: 16_777_216,
    variable: 'COATCHECK_MAX_BUFFERED_BYTES',
  },
  maxJsonDepth: {
    prop: 'maxJsonDepth',
    meaning: 'Deepest nesting of JSON that is parsed.',
    unit: 'levels',
    min: 1,
    max: 1_000,
    default: 128,
    variable: 'COATCHECK_MAX_JSON_DEPTH',
  },
  uploadAgeDays: {
    prop: 'lifecycle.uploads',
    meaning: 'How long payloads are kept.',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: LONGER_THAN_ANY_QUEUE_DAYS,
  },
  resultAgeDays: {
    prop: 'lifecycle.results',
    meaning: 'How long results above the inline limit are kept.',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: LONGER_THAN_ANY_QUEUE_DAYS,
    variable: 'COATCHECK_RESULT_AGE_DAYS',
  },
  disposableAgeDays: {
    prop: 'lifecycle.disposableCopies',
    meaning: 'How long copies of results are kept that their consumer should have deleted.',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: LONGER_THAN_ANY_QUEUE_DAYS,
  },
  replacedUploadAgeDays: {
    prop: 'lifecycle.replacedUploads',
    meaning:
      'How long a payload is kept after it was overwritten or deleted: its request may still be waiting.',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: 5,
  },
  incompleteUploadAgeDays: {
    prop: 'lifecycle.incompleteUploads',
    meaning: 'How long the parts of a multipart upload that nobody completes are kept.',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: 1,
  },
  recordAgeDays: {
    prop: 'recordRetention',
    meaning:
      'How long a request’s record is kept after its last change: so long a duplicate of it is known as one.',
    unit: 'days',
    min: 1,
    max: MAX_AGE_DAYS,
    default: 2 * LONGER_THAN_ANY_QUEUE_DAYS,
    variable: 'COATCHECK_RECORD_AGE_DAYS',
  },
  oldestRequestAlarmSeconds: {
    prop: 'oldestRequestAlarm',
    meaning: 'How long a request waits in the input queue before the alarm is raised.',
    unit: 'seconds',
    min: 60,
    max: SQS_MAX_RETENTION_SECONDS,
    default: 3_600,
  },
  maxWaitSeconds: {
    prop: 'api.maxWait',
    meaning:
      'Longest wait until it is done that the HTTP API lets a new request in for; where a longer one is predicted, it answers 503.',
    unit: 'seconds',
    min: 1,
    max: 345_600,
    default: 900,
    variable: 'COATCHECK_MAX_WAIT_SECONDS',
  },
  tenantSharePercent: {
    prop: 'api.tenantShare',
    meaning:
      'Largest share of what is let in that one tenant may have while others ask too and the wait is above half of `api.maxWait`; above it, the HTTP API answers 429.',
    unit: 'percent',
    min: 1,
    max: 100,
    default: 50,
    variable: 'COATCHECK_TENANT_SHARE_PERCENT',
  },
} as const satisfies Record<string, NumberSetting>;

/** The name of a number setting. */
export type NumberSettingName = keyof typeof NUMBER_SETTINGS;

/** Every number setting as its definition says, with the optional members visible. */
export function numberSetting(name: NumberSettingName): NumberSetting {
  return NUMBER_SETTINGS[name];
}

/**
 * What is wrong with a value for a number setting, or undefined when it fits.
 * @param path how the reader of the message named the value: a prop's path or a variable's name
 */
export function numberProblem(name: NumberSettingName, value: unknown, path: string): string | undefined {
  const { min, max, unit } = numberSetting(name);
  if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return undefined;
  return `${path} must be a whole number of ${unit} from ${min} to ${max}, got ${String(value)}`;
}

/**
 * Largest result that is kept in a request's record, in bytes. DynamoDB charges a write for every KiB, and the record
 * holds base64: from about 6 KiB on an object in S3 costs less.
 */
export const RECORDED_RESULT_BYTES = 4_096;

/** Smallest MaximumMessageSize of an output queue, in bytes: a failure without its details always fits. */
export const OUTPUT_MIN_MESSAGE_BYTES = 8_192;

/** Receives kept for saying that a request is given up: that, too, may fail. */
export const GIVING_UP_RECEIVES = 3;

/** Receives kept for pauses, each of which may cost a message one: enough for four hours of them. */
const PAUSE_RECEIVES = 24;

/**
 * After how many receives SQS itself moves a message to the dead-letter queue. Receives without an attempt (while Lambda
 * throttles, while another attempt is at the request, while its record can't be written) have room for as many again.
 */
export function maxReceivesOf(maxAttempts: number): number {
  return 2 * maxAttempts + PAUSE_RECEIVES + GIVING_UP_RECEIVES;
}

/** Whether a receive is one of those kept for saying that a request is given up: it is used for nothing else. */
export function isLastReceive(receives: number, maxAttempts: number): boolean {
  return receives > maxReceivesOf(maxAttempts) - GIVING_UP_RECEIVES;
}

/** How an outcome is written to the output queue. */
export const OUTPUT_FORMATS = ['cloudevents', 'raw'] as const;

/** `cloudevents`: structured CloudEvents 1.0. `raw`: the result's bytes, the rest as message attributes. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** @default - outcomes are CloudEvents */
export const DEFAULT_OUTPUT_FORMAT: OutputFormat = 'cloudevents';

/** Who may call the HTTP API. */
export const API_AUTHS = ['iam', 'jwt', 'none'] as const;

/** `iam`: signed with AWS credentials. `jwt`: with a token of an issuer one trusts. `none`: anyone who reaches it. */
export type ApiAuthName = (typeof API_AUTHS)[number];

/** Uploads under this prefix are requests. */
export const DEFAULT_UPLOAD_PREFIX = 'requests/';

/**
 * Uploads the API gave a ticket for lie in this folder under the upload prefix, each under a key that says whose request
 * it is.
 */
export const TICKET_FOLDER = 'tickets/';

/** Payloads that messages refer to lie under this prefix: uploading one is no request yet. */
export const DEFAULT_PAYLOAD_PREFIX = 'payloads/';

/** Results above the inline limit are stored under this prefix. */
export const DEFAULT_RESULT_PREFIX = 'results/';

/** Copies of results for consumers that delete what they fetched are stored under this prefix. */
export const DEFAULT_DISPOSABLE_PREFIX = 'disposable/';

/** Longest prefix, in characters: a key has 1,024 bytes, and what follows the prefix needs most of them. */
export const PREFIX_MAX_LENGTH = 128;

/**
 * Longest tenant of a request by the API, in characters: a ticket's key holds it as base64 of up to 3 bytes a character,
 * that is 512 of the 1,024 bytes of a key.
 */
export const API_TENANT_MAX_LENGTH = 128;

/** Where outcomes may be sent by HTTP. */
export const CALLBACKS = ['off', 'public', 'local'] as const;

/**
 * `off`: nowhere. `public`: to public addresses, encrypted. `local`: to this machine as well, on any port and in plain
 * text, which only a local AWS may do.
 */
export type Callbacks = (typeof CALLBACKS)[number];

/** The ports callbacks may go to. */
export const DEFAULT_CALLBACK_PORTS: readonly number[] = [443, 8443];

/** What may be told by webhook: each outcome, and how far an attempt is. */
export const WEBHOOK_EVENTS = ['succeeded', 'failed', 'cancelled', 'expired', 'progress'] as const;

/** What may be told by webhook. */
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** What is told by webhook unless somebody chooses. */
export const DEFAULT_WEBHOOK_EVENTS: readonly WebhookEvent[] = [
  'succeeded',
  'failed',
  'cancelled',
  'expired',
];
