import { summarizeThrown } from '../base/thrown.ts';
import type { Decoded } from '../model/decoded-request.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Chance } from '../ports/clock.ts';
import type { TracedAttempt, Tracer } from '../ports/telemetry.ts';
import type { AttemptEnd } from './attempt.ts';

/** What is traced, and by what. */
export interface Tracing {
  readonly tracer: Tracer | undefined;
  readonly chance: Chance;
  readonly request: Decoded;
  /** Which delivery of its message this is. */
  readonly attempt: number;
}

/**
 * Traces an attempt, if anybody wants that.
 * @returns how it ended
 * @throws what it threw
 */
export async function traced(end: Promise<AttemptEnd>, tracing: Tracing): Promise<AttemptEnd> {
  const { tracer, chance, request, attempt } = tracing;
  if (!tracer) return end;
  const { id: requestId, tenant, traceparent } = request;
  const startedAt = chance.now();
  const trace = (ending: Pick<TracedAttempt, 'ended' | 'error' | 'traceparent'>) =>
    tracer.add({ requestId, tenant, attempt, startedAt, endedAt: chance.now(), ...ending });
  try {
    const done = await end;
    trace(endingOf(done.outcome));
    return done;
  } catch (thrown) {
    const { code, name, message } = summarizeThrown(thrown);
    trace({ ended: 'retried', error: { type: code ?? name, message }, traceparent });
    throw thrown;
  }
}

function endingOf(outcome: Outcome): Pick<TracedAttempt, 'ended' | 'error' | 'traceparent'> {
  const { status: ended, traceparent } = outcome;
  if (ended !== 'failed') return { ended, traceparent };
  const { code: type, detail: message } = outcome.problem;
  return { ended, error: { type, message }, traceparent };
}
