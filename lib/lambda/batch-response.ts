import type { SQSBatchResponse } from 'aws-lambda';
import { serializeError } from '../core/base/serialize-error.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import type { Disposition } from '../core/model/disposition.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** A message, and how it is to be settled. */
export type Settlement = readonly [message: ReceivedMessage, disposition: Disposition];

/**
 * Sets when messages to be retried come back, and names them as failures. Lambda acknowledges the others. A wait that
 * can't be set is logged: the message comes back when the queue's own time is over.
 * @param signal fires when there is no time left to wait for answers
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
  await settleQuietly('The input queue refused to defer messages', deferring, logger, signal);
  return { batchItemFailures: retries.map(({ message }) => ({ itemIdentifier: message.id })) };
}

/**
 * Waits for calls without which messages come back later or once more, which is what happens when they fail. Never
 * rejects: waiting for a response must not cost the whole batch. If one fails, the others are still awaited: Lambda
 * freezes the process once it has its response.
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
