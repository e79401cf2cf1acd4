import type { SQSBatchResponse } from 'aws-lambda';
import { serializeError } from '../core/base/serialize-error.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import type { Settlement } from '../core/model/disposition.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/**
 * Sets the delays of messages to retry, and returns them as failures. Lambda acknowledges the others. If a delay can't be
 * set, that is logged, and the message is delivered again after its visibility timeout.
 * @param signal fires when there is no time left to wait for responses
 */
export async function settleBatch(
  settlements: readonly Settlement[],
  logger: Logger,
  signal?: AbortSignal,
): Promise<SQSBatchResponse> {
  const retries = settlements.flatMap(([message, disposition]) =>
    disposition.action === 'retry' ? [{ message, seconds: disposition.afterSeconds }] : [],
  );
  const deferring = retries.map(({ message, seconds }) => message.retryAfter(seconds));
  await settleQuietly('The input queue could not delay messages', deferring, logger, signal);
  return { batchItemFailures: retries.map(({ message }) => ({ itemIdentifier: message.id })) };
}

/**
 * Waits for calls whose failure only delays or repeats a delivery. Never rejects: a failed call must not fail the whole
 * batch. After a failure, the other calls are still awaited, since Lambda freezes the process after the response.
 */
export async function settleQuietly(
  failure: string,
  calls: readonly Promise<void>[],
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> {
  const settling = Promise.allSettled(calls);
  const results = await (signal ? unlessAborted(settling, signal, () => [unanswered()]) : settling);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  if (errors.length > 0) logger.warn(failure, { failed: errors.length, error: serializeError(errors[0]) });
}

function unanswered(): PromiseRejectedResult {
  return { status: 'rejected', reason: new Error("it didn't respond before the deadline") };
}
