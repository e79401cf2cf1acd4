import type { NumberSetting, NumberSettingName } from './settings.ts';

/** A numeric setting with its description. */
export interface DescribedNumberSetting extends NumberSetting {
  /** What the setting does, in a sentence or two. */
  readonly meaning: string;
}

/**
 * What each numeric setting does, in a sentence or two. Apart from the settings, so that functions don't load texts for the docs.
 */
export const SETTING_MEANINGS: Readonly<Record<NumberSettingName, string>> = {
  batchSize:
    'Maximum number of messages in a batch, that is in one invocation. More than 10 requires a `queue.batchWindow` of at least 1 second.',
  batchWindowSeconds: 'How long Lambda waits for a batch to fill.',
  maxConcurrency:
    'Maximum number of batches processed concurrently. The default leaves half of the usual concurrency of an account, 1,000, to the HTTP API, to webhooks and to other functions.',
  highMaxConcurrency:
    'Maximum number of batches of high priority processed concurrently, in addition to those of `queue.maxConcurrency`. Only with `queue.lanes`.',
  lowMaxConcurrency:
    'Maximum number of batches of low priority processed concurrently, in addition to those of `queue.maxConcurrency`. Only with `queue.lanes`.',
  minPollers:
    'Provisioned pollers that are always ready. Each runs 10 batches at a time and costs $6.66 a month, even while the queue is empty. None by default.',
  maxPollers:
    'Maximum number of provisioned pollers. Ten times as many batches are processed concurrently, so don’t also set `queue.maxConcurrency`.',
  concurrency:
    'Maximum number of requests of one batch handled concurrently. Default: the whole batch, up to 400, because a function can have 1,024 files and sockets open.',
  reservedConcurrency:
    'Invocations of the account’s concurrency that only the processor can use. At least `queue.maxConcurrency`, or 10 × `queue.pollers.max`, and those of `queue.lanes`. None by default.',
  ephemeralStorageMiB: 'Size of `/tmp`.',
  memoryMiB: 'Memory of the processor. CPU grows with it.',
  timeoutSeconds: 'Maximum duration of an invocation, that is of one batch.',
  visibilityTimeoutSeconds:
    'How long a message stays hidden after a crash before it is retried. Default: 6 × `function.timeout` + `queue.batchWindow`.',
  inputRetentionSeconds: 'How long a request can wait in the input queue.',
  outputRetentionSeconds:
    'How long an outcome can wait in the output queue. Default: the same as `queue.retention`.',
  outputVisibilityTimeoutSeconds:
    'How long an outcome stays hidden from other consumers after one has received it.',
  outputMaxReceiveCount:
    'How many times an outcome is delivered before it goes to the dead-letter queue of the output queue.',
  maxAttempts:
    'Maximum number of attempts. After the last one the request fails and its message goes to the dead-letter queue.',
  retryBaseSeconds: 'Upper bound of the delay before the first retry. It doubles with every attempt.',
  retryCapSeconds: 'Upper bound of the delay before any retry. No delay is longer than 11 h 40 min.',
  pauseSeconds:
    'How long processing pauses while something that every request needs is unavailable. The pause doubles while nothing succeeds, up to 15 minutes.',
  failureRatePercent:
    'Processing pauses if this percentage of the last 20 attempts of an instance failed, whatever the error. Off by default.',
  minReleaseSuccessPercent:
    'Percentage of attempts of a new version that must succeed. Below it, the release is rolled back. It is measured over a minute with at least 10 attempts.',
  inlineLimitBytes:
    'Maximum size of a result inside an outcome. Larger results are stored in S3, and the outcome refers to them.',
  maxPayloadBytes: 'Maximum size of a payload. Larger payloads fail without being read.',
  maxBufferedBytes:
    'Maximum size of a payload that `json()`, `text()` and `bytes()` hold in memory. `stream()` has no such limit.',
  maxJsonDepth: 'Maximum nesting of JSON. Deeper JSON fails.',
  uploadAgeDays: 'How long payloads are kept. At least `queue.retention`.',
  resultAgeDays:
    'How long results larger than `output.inlineLimitBytes` are kept. At least `output.queue.retention`.',
  consumerCopyAgeDays:
    'How long copies of results are kept if their consumer doesn’t delete them. At least `output.queue.retention`.',
  replacedUploadAgeDays:
    'How long a payload is kept after it was overwritten, deleted or expired. At least `queue.retention`.',
  incompleteUploadAgeDays: 'How long the parts of an incomplete multipart upload are kept.',
  recordAgeDays:
    'How long the record of a request is kept after its last change. Duplicates are detected as long as the record exists. At least `queue.retention` plus 14 days.',
  oldestRequestAlarmSeconds:
    'How long a request waits in the input queue before the alarm `OldestRequest` fires.',
  auditIntervalSeconds:
    'How often an [audit](ledger.md#by-itself-with-an-alarm) looks for requests that don’t add up. Off by default.',
  maxWaitSeconds:
    'The HTTP API accepts a request if the predicted time until it is done is at most this. Otherwise it answers 503. At most `queue.retention`.',
  tenantSharePercent:
    'Maximum share of accepted requests for one tenant while other tenants also submit requests and the predicted time is above half of `api.maxWait`. Above the share, the API answers 429.',
};
