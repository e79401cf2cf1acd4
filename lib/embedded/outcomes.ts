import { type ReceivedOutcome, readOutcome } from '../consumer/outcome.ts';
import { OutcomeResult, type ResultObjects } from '../consumer/outcome-result.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import { type Outcome, outcomeId } from '../core/model/outcome.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import { retryDelaySeconds } from '../core/model/retry.ts';
import type { PayloadStore } from '../core/ports/payload-store.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** The context of a handler of outcomes. */
export interface OutcomeContext {
  /** Fires when the service closes and its grace time is over: what the handler does later may be done again. */
  readonly signal: AbortSignal;
}

/** Handles an outcome. If it throws, it gets the outcome again. */
export type OutcomeHandler = (outcome: ReceivedOutcome, context: OutcomeContext) => unknown;

/** Waits before an outcome is handled again. */
const BACKOFF = { retryBaseSeconds: 1, retryCapSeconds: 300 };

/** Large results, in the payload store. */
export function resultObjectsOf(store: PayloadStore): ResultObjects {
  return {
    open: async (check) => ReadableStream.from((await store.open(check, new AbortController().signal)).body),
  };
}

/** The outcome of a record, as a consumer receives it. @param service its source */
export function receivedOutcomeOf(
  outcome: Outcome,
  service: string,
  objects: ResultObjects,
): ReceivedOutcome {
  const { request, endedAt, topic, traceparent, tracestate } = outcome;
  const facts = {
    id: outcomeId(outcome),
    requestId: request.id,
    source: request.source || undefined,
    tenant: request.tenant,
    topic,
    service,
    time: new Date(endedAt).toISOString(),
    traceparent,
    tracestate,
  };
  if (outcome.status !== 'succeeded') return { ...facts, status: outcome.status, problem: outcome.problem };
  const { result } = outcome;
  const content = 'check' in result ? result.check : new Uint8Array(result.bytes);
  return { ...facts, status: 'succeeded', result: new OutcomeResult(result.contentType, content, objects) };
}

/** Handles a message of the outcome queue. Never rejects. @returns how to settle it */
export async function handleOutcome(
  message: ReceivedMessage,
  handler: OutcomeHandler,
  context: OutcomeContext & { readonly objects: ResultObjects; readonly logger: Logger },
): Promise<Disposition> {
  const { signal, objects, logger } = context;
  try {
    await handler(readOutcome(message.body, objects), { signal });
    return ACK;
  } catch (error) {
    const { deliveryCount = 1 } = message;
    const afterSeconds = retryDelaySeconds(error, deliveryCount, BACKOFF, Math.random());
    const fields = { messageIds: [message.id], delaySeconds: afterSeconds, error: serializeError(error) };
    logger.warn('An outcome could not be handled, to be tried again', fields);
    return { action: 'retry', afterSeconds };
  }
}
