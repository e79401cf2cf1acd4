/** Where CloudWatch has a service's figures. */
export const METRIC_NAMESPACE = 'Coatcheck';

/** The dimension that tells services apart. The logger's name for it, so that lines and figures are found alike. */
export const SERVICE_DIMENSION = 'service';

/** The dimension that tells failures apart, besides the service. */
export const CODE_DIMENSION = 'code';

/** What is counted. */
export const COUNTS = [
  /** Outcomes published, by their status. One that is published again counts again. */
  'Succeeded',
  'Failed',
  'Expired',
  'Cancelled',
  /** Attempts that came to no end and are to be made again. */
  'Retried',
  /** Requests that failed because their attempts were used up: counted under Failed as well. */
  'DeadLettered',
  /** Requests handed back unbegun while processing was to pause. */
  'PutOff',
  /** How often processing was paused, and resumed. */
  'Paused',
  'Resumed',
  /** Messages handed back to the input queue. */
  'Redelivered',
] as const;

/** What is counted. */
export type CountName = (typeof COUNTS)[number];

/** What is measured, and its unit in CloudWatch. */
export const DISTRIBUTIONS = {
  /** From the message's being sent to the attempt's beginning; a retry's holds what went before it. */
  Wait: 'Milliseconds',
  /** Of an attempt: opening the payload, the handler, keeping the result. */
  ServiceTime: 'Milliseconds',
  /** From the request's being handed in to its outcome's being published. */
  EndToEnd: 'Milliseconds',
  /** Messages in a batch. */
  BatchSize: 'Count',
} as const;

/** What is measured. */
export type DistributionName = keyof typeof DISTRIBUTIONS;

/** A figure of a service. */
export type MetricName = CountName | DistributionName;
