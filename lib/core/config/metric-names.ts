/** The CloudWatch namespace of all metrics. */
export const METRIC_NAMESPACE = 'Coatcheck';

/** The dimension for the service's name. The logger uses the same name, so one query finds both. */
export const SERVICE_DIMENSION = 'service';

/** The additional dimension for the code of a failure. */
export const CODE_DIMENSION = 'code';

/** The additional dimension for the published version of the function. */
export const VERSION_DIMENSION = 'version';

/** The counts that also exist for each version of the function: how its attempts ended. */
export const COUNTS_OF_VERSION = ['Succeeded', 'Failed', 'Retried'] as const;

/** Metrics that are counts. */
export const COUNTS = [
  /** Published outcomes by status. An outcome that is published twice counts twice. */
  'Succeeded',
  'Failed',
  'Expired',
  'Cancelled',
  /** Attempts that failed and will be retried. */
  'Retried',
  /** Requests that used up their attempts. They count as `Failed`, too. */
  'DeadLettered',
  /** Requests returned to the queue without an attempt, because of a pause, a limit, their time or a newer version. */
  'Deferred',
  /** How often processing was paused and resumed. */
  'Paused',
  'Resumed',
  /** Messages returned to the input queue. */
  'Redelivered',
  /** Webhook endpoints that were disabled because their receiver failed for long, or answered 410. */
  'WebhookEndpointsDisabled',
] as const;

/** The name of a count. */
export type CountName = (typeof COUNTS)[number];

/** Metrics that are distributions of values, each with its unit in CloudWatch. */
export const DISTRIBUTIONS = {
  /** From when the message was sent to the start of the attempt; that of a retry includes the earlier attempts. */
  Wait: 'Milliseconds',
  /** Duration of an attempt: opening the payload, running the handler, storing the result. */
  ServiceTime: 'Milliseconds',
  /** From the submission of the request to the publication of its outcome. */
  EndToEnd: 'Milliseconds',
  /** Messages in a batch. */
  BatchSize: 'Count',
} as const;

/** The name of a distribution. */
export type DistributionName = keyof typeof DISTRIBUTIONS;

/** Metrics that a worker reports about itself twice a minute, each with its unit in CloudWatch. */
export const GAUGES = {
  /**
   * How long a message holds a slot of a task on Fargate: the mean of recent messages, or of those that hold one now if
   * that is longer. Missing while a task handles nothing.
   */
  SlotTime: 'Milliseconds',
} as const;

/** The name of a gauge. */
export type GaugeName = keyof typeof GAUGES;

/** Metrics of an audit. They are counts of its own, so the latest value says how it is. */
export const AUDIT_METRICS = [
  /** Requests that don't add up. Missing if the audit is incomplete and found none. */
  'LedgerDrift',
  /** Requests that the audit looked at. */
  'AuditedRequests',
  /** 1 for each audit that didn't look at everything. */
  'IncompleteAudits',
] as const;

/** The name of a metric of an audit. */
export type AuditMetricName = (typeof AUDIT_METRICS)[number];

/** The name of a metric. */
export type MetricName = CountName | DistributionName | GaugeName | AuditMetricName;
