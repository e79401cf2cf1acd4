import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LambdaHandler, PermanentError, type ProcessorRequest, processor, RetryLater } from 'coatcheck';
import { CLOCK_SKEW_MILLISECONDS } from '../../lib/core/engine/deadline.ts';
import type { HandlerEnd } from '../../test/support/invariant.ts';
import { type Behaviour, behaviourOf } from './behaviour.ts';
import { REFUSAL_CODE, SERVICE, VARIABLES } from './service.ts';
import type { TraceLine } from './trace.ts';

const SEED = Number(process.env[VARIABLES.seed]);
const TRACE = process.env[VARIABLES.trace] ?? '';

/** Duration of a run, long enough for forbidden overlaps to occur. */
const WORK_MILLISECONDS = 5;

let deadlineAt = 0;

const processing = processor(async (request) => {
  const leaseEndsAt = deadlineAt + CLOCK_SKEW_MILLISECONDS;
  const { n } = (await request.json()) as { n: number };
  const { id: requestId, attempt } = request;
  note({
    type: 'began',
    at: Date.now(),
    process: process.pid,
    requestId,
    request: n,
    attempt,
    leaseEndsAt,
  });
  const ended = (how: HandlerEnd) => note({ type: 'ended', at: Date.now(), requestId, attempt, how });
  try {
    const result = await act(behaviourOf(SEED, n, attempt), request);
    ended('succeeded');
    return result;
  } catch (error) {
    ended(error instanceof PermanentError ? 'refused' : 'failed');
    throw error;
  }
});

/** Records runs in a file, which needs no AWS and survives the process. */
export const handler: LambdaHandler = (event, context) => {
  deadlineAt = Date.now() + context.getRemainingTimeInMillis();
  return processing(event, context);
};

async function act(behaviour: Behaviour, { attempt, deadline }: ProcessorRequest): Promise<unknown> {
  await sleep(WORK_MILLISECONDS);
  switch (behaviour) {
    case 'small result':
      return { attempt };
    case 'stored result':
      return { attempt, filling: 'x'.repeat(2 * SERVICE.inlineLimitBytes) };
    case 'error':
      throw new Error('the handler fails by chance');
    case 'retry later':
      throw new RetryLater(1);
    case 'permanent error':
      throw new PermanentError('the handler refuses by chance', { code: REFUSAL_CODE });
    case 'hang':
      // Past the end of the lease, if the process lives that long.
      await sleep((deadline?.getTime() ?? 0) - Date.now() + 1_000 * SERVICE.timeoutSeconds);
      return { attempt };
    case 'kill':
      note({ type: 'killed', at: Date.now(), process: process.pid });
      process.kill(process.pid, 'SIGKILL');
      return sleep(1_000);
  }
}

function note(line: TraceLine): void {
  appendFileSync(TRACE, `${JSON.stringify(line)}\n`);
}
