import * as z from 'zod';
import type { Change, ChangeTools } from './change.ts';
import { assertFuture, FutureTime } from './future-time.ts';

/** Pauses of all processing. */
export const PAUSE_CHANGES = [
  z
    .strictObject({
      kind: z.literal('pause_service'),
      until: FutureTime,
      reason: z.string().min(1).describe('All who wait for a request can see it.'),
    })
    .describe('No request starts before that time. Requests are accepted, and running ones continue.'),
  z.strictObject({ kind: z.literal('resume_service') }).describe('Ends a pause by an operator.'),
] as const;

type PauseArguments = z.infer<(typeof PAUSE_CHANGES)[number]>;

export function pauseChange(change: PauseArguments, { client, now }: ChangeTools): Change {
  return {
    look: async (signal) => {
      if (change.kind === 'pause_service') assertFuture('until', change.until, now());
      const { pause } = await client.serviceStatus({ signal });
      // Pauses without since are by the circuit breaker: they come and go, and this change leaves them.
      return { count: 1, state: pause?.since === undefined ? {} : { pause } };
    },
    make: async ({ signal }) => {
      if (change.kind === 'pause_service') return client.pause(change, { signal });
      return (await client.resume({ signal })) ?? {};
    },
  };
}
