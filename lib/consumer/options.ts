import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { ConfigurationError } from '../core/base/errors.ts';
import { SQS_MAX_VISIBILITY_SECONDS } from '../core/config/aws-limits.ts';
import {
  ANYTHING,
  FUNCTION,
  having,
  objectOf,
  openObjectOf,
  required,
  SIGNAL,
  TEXT,
} from '../core/config/shape.ts';
import type { Backoff } from '../core/model/retry.ts';

/** Options of `consume()`. */
export interface ConsumeOptions {
  /** URL of the service's output queue, in the format `cloudevents`. */
  readonly queueUrl: string;
  /** @default the region in the queue's URL, else the SDK's */
  readonly region?: string;
  /** @default a new client */
  readonly sqs?: SQSClient;
  /** For results that are too large for a message. @default a new client */
  readonly s3?: S3Client;
  /** Most outcomes handled concurrently. @default 10 */
  readonly concurrency?: number;
  /**
   * Visibility timeout of received messages, in seconds, 2 to 43,200. While a message is handled, a heartbeat extends it
   * after every half of it.
   * @default the queue's own visibility timeout, which requires `sqs:GetQueueAttributes`
   */
  readonly visibilityTimeoutSeconds?: number;
  /**
   * Timeout of a handler, in seconds, 1 to 43,200 (SQS hides a message for at most 12 hours). When it is reached, the
   * handler's signal is aborted, and its outcome is delivered again as if the handler had thrown.
   * @default 3600
   */
  readonly handlerTimeoutSeconds?: number;
  /**
   * How long the consumer waits for handlers when it is stopped, in seconds, 0 to 43,200. The signals of handlers that are
   * still running are then aborted, and their outcomes become visible at once.
   * @default 30
   */
  readonly stopTimeoutSeconds?: number;
  /**
   * When an outcome is delivered again after its handler threw.
   * @default after its visibility timeout, unless the handler threw a `RetryLater`
   */
  readonly backoff?: Backoff;
  /**
   * How many handled outcomes to remember. A remembered outcome that is delivered again is deleted without being handled.
   * Every consumer remembers its own, since its start. 0 turns this off.
   * @default 10_000
   */
  readonly rememberedOutcomes?: number;
  /**
   * Called with errors of handlers, of messages that can't be decoded, and of calls to SQS that are retried. If it throws,
   * the consumer ends with that error.
   * @default console.error
   */
  readonly onError?: (error: unknown, about: ErrorContext) => void;
  /** Stops the consumer, within `stopTimeoutSeconds` and the time that calls to SQS take. */
  readonly signal?: AbortSignal;
}

/** What an error concerns: a message, its request if the message could be decoded, or neither. */
export interface ErrorContext {
  readonly messageId?: string;
  readonly requestId?: string;
}

/** The numbers have a check of their own. */
export const OPTIONS = objectOf<ConsumeOptions>({
  queueUrl: required(TEXT),
  region: TEXT,
  sqs: having('send', 'an SQSClient'),
  s3: having('send', 'an S3Client'),
  concurrency: ANYTHING,
  visibilityTimeoutSeconds: ANYTHING,
  handlerTimeoutSeconds: ANYTHING,
  stopTimeoutSeconds: ANYTHING,
  backoff: openObjectOf({}),
  rememberedOutcomes: ANYTHING,
  onError: FUNCTION,
  signal: SIGNAL,
});

export const DEFAULT_CONCURRENCY = 10;
export const DEFAULT_REMEMBERED_OUTCOMES = 10_000;
export const DEFAULT_HANDLER_TIMEOUT_SECONDS = 3_600;
export const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

/** Smallest value that leaves time for a heartbeat. */
const MIN_VISIBILITY_SECONDS = 2;

/** @throws ConfigurationError */
export function assertNumbers({
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

/** @param what name in the error @throws ConfigurationError */
export function assertVisibilityTimeout(what: string, seconds: number | undefined): void {
  assertInteger(what, seconds, MIN_VISIBILITY_SECONDS, SQS_MAX_VISIBILITY_SECONDS);
}

function assertInteger(name: string, value: number | undefined, min: number, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw new ConfigurationError(`${name} must be a whole number from ${min} to ${max}, got ${value}`);
}
