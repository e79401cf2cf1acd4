import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { ConfigurationError } from '../core/base/errors.ts';
import { SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import type { Backoff } from '../core/model/retry.ts';

/** What to consume, and how. */
export interface ConsumeOptions {
  /** The service's output queue, in the format `cloudevents`. */
  readonly queueUrl: string;
  /** @default the one in the queue's URL, else as the SDK finds it */
  readonly region?: string;
  /** @default one of its own */
  readonly sqs?: SQSClient;
  /** For results that are too large for a message. @default one of its own */
  readonly s3?: S3Client;
  /** Most outcomes handled at a time. @default 10 */
  readonly concurrency?: number;
  /**
   * How long a message stays hidden after the consumer's last sign of life, 2 to 43,200; one that is being handled is
   * kept hidden, by a call every half of it.
   * @default the queue's own visibility timeout, which needs leave for `sqs:GetQueueAttributes`
   */
  readonly visibilityTimeoutSeconds?: number;
  /**
   * How long a handler may take, in seconds, 1 to 43,200: SQS hides a message for 12 hours at most. One that takes longer
   * is given up: its signal fires, its slot is free, and its outcome comes again as if it had thrown.
   * @default 3600
   */
  readonly handlerTimeoutSeconds?: number;
  /**
   * How long handlers may go on when the consumer is to end, in seconds, 0 to 43,200. Those that are not done by then are
   * given up, and their outcomes are visible again at once.
   * @default 30
   */
  readonly stopTimeoutSeconds?: number;
  /**
   * When an outcome comes again whose handler threw.
   * @default when its visibility timeout is over, unless the handler threw a `RetryLater`
   */
  readonly backoff?: Backoff;
  /**
   * How many handled outcomes are remembered, so that one that comes again is deleted without being handled. Consumers
   * don't know of each other, nor of what was handled before they were started. 0 remembers none.
   * @default 10_000
   */
  readonly rememberedOutcomes?: number;
  /**
   * Told what a handler threw, which message can't be read, and what goes wrong with the queue for now. If it throws
   * itself, the consumer ends with that.
   * @default console.error
   */
  readonly onError?: (error: unknown, about: ErrorContext) => void;
  /** Ends the consumer, within `stopTimeoutSeconds` and the time that calls to SQS take. */
  readonly signal?: AbortSignal;
}

/** What an error is about: a message, a request if the message could be read, or neither. */
export interface ErrorContext {
  readonly messageId?: string;
  readonly requestId?: string;
}

export const DEFAULT_CONCURRENCY = 10;
export const DEFAULT_REMEMBERED_OUTCOMES = 10_000;
export const DEFAULT_HANDLER_TIMEOUT_SECONDS = 3_600;
export const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

/** The least lets a sign of life arrive in time. */
const MIN_VISIBILITY_SECONDS = 2;

/** @throws ConfigurationError */
export function assertOptions({
  concurrency,
  rememberedOutcomes,
  visibilityTimeoutSeconds,
  handlerTimeoutSeconds,
  stopTimeoutSeconds,
}: ConsumeOptions) {
  assertInteger('concurrency', concurrency, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('rememberedOutcomes', rememberedOutcomes, 0, Number.MAX_SAFE_INTEGER);
  assertVisibilityTimeout('visibilityTimeoutSeconds', visibilityTimeoutSeconds);
  assertInteger('handlerTimeoutSeconds', handlerTimeoutSeconds, 1, SQS_MAX_VISIBILITY_SECONDS);
  assertInteger('stopTimeoutSeconds', stopTimeoutSeconds, 0, SQS_MAX_VISIBILITY_SECONDS);
}

/** @param what names it in the error @throws ConfigurationError */
export function assertVisibilityTimeout(what: string, seconds: number | undefined): void {
  assertInteger(what, seconds, MIN_VISIBILITY_SECONDS, SQS_MAX_VISIBILITY_SECONDS);
}

function assertInteger(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new ConfigurationError(`${name} must be a whole number from ${min} to ${max}, got ${value}`);
}
