import { trace } from '@opentelemetry/api';
import { serializeError } from '../core/base/serialize-error.ts';
import { unlessAborted } from '../core/base/unless-aborted.ts';
import type { Logger } from '../core/ports/telemetry.ts';

/** Longest time that sending spans holds up an answer, or the end of a process. */
const FLUSH_MAX_MILLISECONDS = 2_000;

/** The time that an invocation needs to answer. */
const ANSWER_MILLISECONDS = 100;

/**
 * Sends the spans that have ended, whichever SDK records them: Lambda may freeze the process once it has answered.
 * Never rejects: a failure is logged and costs the spans. Returns at once where no SDK is registered.
 * @param remainingMilliseconds until the invocation is killed; without enough of it, spans are sent with the next ones.
 *   @default - unlimited
 */
export async function flushSpans(
  logger: Logger,
  remainingMilliseconds = Number.POSITIVE_INFINITY,
): Promise<void> {
  const flush = forceFlush();
  const milliseconds = Math.min(FLUSH_MAX_MILLISECONDS, remainingMilliseconds - ANSWER_MILLISECONDS);
  if (!flush || milliseconds <= 0) return;
  try {
    await unlessAborted(flush(), AbortSignal.timeout(milliseconds), () => {
      throw new Error(`the backend didn't answer within ${milliseconds} ms`);
    });
  } catch (error) {
    // OpenTelemetry's SDK rejects with an array of errors.
    const [reason] = [error].flat();
    logger.warn('Spans could not be sent', { error: serializeError(reason) });
  }
}

/** The API has no way to flush. The providers of SDKs have. */
function forceFlush(): (() => Promise<unknown>) | undefined {
  const registered: object = trace.getTracerProvider();
  const provider = 'getDelegate' in registered ? resultOf(registered.getDelegate, registered) : registered;
  if (typeof provider !== 'object' || provider === null || !('forceFlush' in provider)) return undefined;
  const { forceFlush } = provider;
  return async () => resultOf(forceFlush, provider);
}

function resultOf(method: unknown, self: object): unknown {
  return typeof method === 'function' ? method.call(self) : undefined;
}
