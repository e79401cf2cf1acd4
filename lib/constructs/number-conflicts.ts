import { LAMBDA_MAX_BATCH_WITHOUT_WINDOW, SQS_MAX_RETENTION_SECONDS } from '../core/limits.ts';
import type { ServiceNumbers } from './service-numbers.ts';

/** The least a number may be because of other numbers. */
interface Floor {
  readonly path: string;
  readonly value: number;
  readonly least: number;
  readonly unit: 'seconds' | 'days';
  readonly because: string;
}

/** What is wrong with numbers that are each in range and don't fit together. */
export function numberConflicts(numbers: ServiceNumbers): string[] {
  return [batchFloor(numbers), ...attemptFloors(numbers), ...lifecycleFloors(numbers), recordFloor(numbers)]
    .filter(({ value, least }) => isKnown(value) && isKnown(least) && value < least)
    .map(
      ({ path, value, least, unit, because }) =>
        `${path} must be at least ${least} ${unit}, ${because}, got ${value}`,
    );
}

/** A token is encoded as a number no safe integer reaches; a fraction has been refused already. */
function isKnown(value: number): boolean {
  return Number.isSafeInteger(value);
}

function batchFloor({ batchSize, batchWindowSeconds }: ServiceNumbers): Floor {
  return {
    path: 'batchWindow',
    value: batchWindowSeconds,
    least: batchSize > LAMBDA_MAX_BATCH_WITHOUT_WINDOW ? 1 : 0,
    unit: 'seconds',
    because: `which Lambda requires for a batchSize of ${batchSize}`,
  };
}

/** A message must not come back while it is worked on, nor expire before its last attempt: it would be lost unseen. */
function attemptFloors(numbers: ServiceNumbers): Floor[] {
  const { timeoutSeconds, batchWindowSeconds, visibilityTimeoutSeconds } = numbers;
  const { retryBaseSeconds, retryCapSeconds, maxAttempts, inputRetentionSeconds } = numbers;
  const longestWait = Math.max(visibilityTimeoutSeconds, retryCapSeconds);
  return [
    {
      path: 'visibilityTimeout',
      value: visibilityTimeoutSeconds,
      least: timeoutSeconds + batchWindowSeconds,
      unit: 'seconds',
      because: 'that is timeout + batchWindow, or a message comes back while it is worked on',
    },
    {
      path: 'retryCap',
      value: retryCapSeconds,
      least: retryBaseSeconds,
      unit: 'seconds',
      because: 'that is retryBase',
    },
    {
      path: 'inputRetention',
      value: inputRetentionSeconds,
      least: maxAttempts * longestWait,
      unit: 'seconds',
      because:
        'that is maxAttempts × the longer of retryCap and visibilityTimeout, or a message may expire before its last attempt',
    },
  ];
}

/** An object must last as long as the messages that point at it. */
function lifecycleFloors(numbers: ServiceNumbers): Floor[] {
  const input = {
    unit: 'days',
    least: wholeDays(numbers.inputRetentionSeconds),
    because: 'that is inputRetention',
  } as const;
  const output = {
    unit: 'days',
    least: wholeDays(numbers.outputRetentionSeconds),
    because: 'that is outputRetention',
  } as const;
  return [
    { path: 'lifecycle.uploads', value: numbers.uploadAgeDays, ...input },
    { path: 'lifecycle.replacedUploads', value: numbers.replacedUploadAgeDays, ...input },
    { path: 'lifecycle.results', value: numbers.resultAgeDays, ...output },
    { path: 'lifecycle.disposableCopies', value: numbers.disposableAgeDays, ...output },
  ];
}

/** A message put back from the dead-letter queue must find the record of what it did: then nothing is done twice. */
function recordFloor({ recordAgeDays, inputRetentionSeconds }: ServiceNumbers): Floor {
  return {
    path: 'recordRetention',
    value: recordAgeDays,
    least: wholeDays(inputRetentionSeconds + SQS_MAX_RETENTION_SECONDS),
    unit: 'days',
    because: 'that is inputRetention and the 14 days of the dead-letter queue',
  };
}

function wholeDays(seconds: number): number {
  return Math.ceil(seconds / 86_400);
}
