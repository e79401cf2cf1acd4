import {
  LAMBDA_MAX_BATCH_WITHOUT_WINDOW,
  POLLER_BATCHES,
  SQS_MAX_RETENTION_SECONDS,
} from '../../core/config/aws-limits.ts';
import { concurrencyProp, type ServiceNumbers } from './service-numbers.ts';

/** A minimum that follows from other settings. */
interface Minimum {
  readonly path: string;
  readonly value: number;
  readonly minimum: number;
  readonly unit: 'second' | 'seconds' | 'days' | 'invocations' | 'pollers';
  /** How the minimum is computed, in terms of other props. */
  readonly formula: string;
  /** What goes wrong below the minimum. */
  readonly consequence?: string;
}

/**
 * Problems with numbers that are in range but contradict each other.
 * @param queue the path of the settings of the input queue
 */
export function numberConflicts(numbers: ServiceNumbers, queue: string): string[] {
  return [
    batchWindowMinimum(numbers),
    ...attemptMinimums(numbers, queue),
    ...lifecycleMinimums(numbers, queue),
    recordRetentionMinimum(numbers, queue),
    ...pollersMinimum(numbers),
    ...reservedConcurrencyMinimum(numbers),
  ]
    .filter(({ value, minimum }) => isKnown(value) && isKnown(minimum) && value < minimum)
    .map(problemText);
}

function problemText({ path, value, minimum, unit, formula, consequence }: Minimum): string {
  const problem = `${path} must be at least ${minimum} ${unit} (${formula}), got ${value}`;
  return consequence === undefined ? problem : `${problem}: ${consequence}`;
}

/** Tokens are encoded as numbers outside the range of safe integers. Fractions are reported as out of range already. */
function isKnown(value: number): boolean {
  return Number.isSafeInteger(value);
}

function batchWindowMinimum({ batchSize, batchWindowSeconds }: ServiceNumbers): Minimum {
  return {
    path: 'queue.batchWindow',
    value: batchWindowSeconds,
    minimum: batchSize > LAMBDA_MAX_BATCH_WITHOUT_WINDOW ? 1 : 0,
    unit: 'second',
    formula: `which Lambda requires for a queue.batchSize of ${batchSize}`,
  };
}

/** A message must not be delivered again while it is being processed, and must not expire before its last attempt. */
function attemptMinimums(numbers: ServiceNumbers, queue: string): Minimum[] {
  const { timeoutSeconds, batchWindowSeconds, visibilityTimeoutSeconds } = numbers;
  const { retryBaseSeconds, retryCapSeconds, maxAttempts, inputRetentionSeconds } = numbers;
  return [
    {
      path: `${queue}.visibilityTimeout`,
      value: visibilityTimeoutSeconds,
      minimum: timeoutSeconds + batchWindowSeconds,
      unit: 'seconds',
      formula: 'function.timeout + queue.batchWindow',
      consequence: 'a message would be delivered again while it is being processed',
    },
    {
      path: 'retry.maxDelay',
      value: retryCapSeconds,
      minimum: retryBaseSeconds,
      unit: 'seconds',
      formula: 'retry.baseDelay',
    },
    {
      path: `${queue}.retention`,
      value: inputRetentionSeconds,
      minimum: maxAttempts * Math.max(visibilityTimeoutSeconds, retryCapSeconds),
      unit: 'seconds',
      formula: `retry.maxAttempts × the longer of retry.maxDelay and ${queue}.visibilityTimeout`,
      consequence: 'a message could expire before its last attempt',
    },
  ];
}

/** An object must last as long as the messages that refer to it. */
function lifecycleMinimums(numbers: ServiceNumbers, queue: string): Minimum[] {
  const input = {
    unit: 'days',
    minimum: wholeDays(numbers.inputRetentionSeconds),
    formula: `${queue}.retention`,
  } as const;
  const output = {
    unit: 'days',
    minimum: wholeDays(numbers.outputRetentionSeconds),
    formula: 'output.queue.retention',
  } as const;
  return [
    { path: 'payloads.lifecycle.uploads', value: numbers.uploadAgeDays, ...input },
    { path: 'payloads.lifecycle.replacedUploads', value: numbers.replacedUploadAgeDays, ...input },
    { path: 'payloads.lifecycle.results', value: numbers.resultAgeDays, ...output },
    { path: 'payloads.lifecycle.consumerCopies', value: numbers.consumerCopyAgeDays, ...output },
  ];
}

/** A redriven message must find its record; otherwise its work could be done twice. */
function recordRetentionMinimum(
  { recordAgeDays, inputRetentionSeconds }: ServiceNumbers,
  queue: string,
): Minimum {
  return {
    path: 'records.retention',
    value: recordAgeDays,
    minimum: wholeDays(inputRetentionSeconds + SQS_MAX_RETENTION_SECONDS),
    unit: 'days',
    formula: `${queue}.retention + the 14 days of the dead-letter queue`,
  };
}

function pollersMinimum({ pollers }: ServiceNumbers): Minimum[] {
  if (!pollers) return [];
  const { min, max } = pollers;
  return [
    { path: 'queue.pollers.max', value: max, minimum: min, unit: 'pollers', formula: 'queue.pollers.min' },
  ];
}

/** Lambda polls as many batches as the event source may run, whatever the function reserves. */
function reservedConcurrencyMinimum(numbers: ServiceNumbers): Minimum[] {
  const { reservedConcurrency, maxConcurrency, pollers } = numbers;
  const { highMaxConcurrency = 0, lowMaxConcurrency = 0 } = numbers;
  const lanes = highMaxConcurrency + lowMaxConcurrency;
  if (reservedConcurrency === undefined) return [];
  return [
    {
      path: 'function.reservedConcurrency',
      value: reservedConcurrency,
      minimum: maxConcurrency + lanes,
      unit: 'invocations',
      formula:
        (pollers ? `${POLLER_BATCHES} × queue.pollers.max` : 'queue.maxConcurrency') +
        (lanes > 0 ? ' + those of queue.lanes' : ''),
      consequence:
        'Lambda would throttle the other batches, and each throttled delivery counts as a receive. ' +
        `Raise it, or lower ${concurrencyProp(numbers)}`,
    },
  ];
}

function wholeDays(seconds: number): number {
  return Math.ceil(seconds / 86_400);
}
