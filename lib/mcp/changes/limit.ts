import * as z from 'zod';
import { isRate, type LimitChange } from '../../client/index.ts';
import type { Change, ChangeTools } from './change.ts';
import { assertFuture, FutureTime } from './future-time.ts';

const LIMIT = {
  key: z.string().describe('tenant, topic, all or metadata.NAME'),
  value: z.string().optional().describe('Which tenant, topic or value; none for all.'),
};

const Count = z.int().min(1).optional();

/** Changes of what one value of a limit's key allows. */
export const LIMIT_CHANGES = [
  z
    .strictObject({
      kind: z.literal('change_limit'),
      ...LIMIT,
      concurrency: Count.describe('Most requests that run at a time.'),
      rate: z
        .templateLiteral([z.int(), '/', z.enum(['s', 'min', 'h'])])
        .refine(isRate, 'must be a whole number from 1, and /s, /min or /h')
        .optional()
        .describe('How many requests start, such as 100/min.'),
      maxWaiting: Count.describe('Most requests that wait.'),
    })
    .refine(
      ({ concurrency, rate, maxWaiting }) => (concurrency ?? rate ?? maxWaiting) !== undefined,
      'must have concurrency, rate or maxWaiting',
    )
    .describe('Changes what a value of a key allows, until it is reset. Absent members stay as they are.'),
  z
    .strictObject({ kind: z.literal('pause_limit'), ...LIMIT, until: FutureTime })
    .describe('No request of the value starts before that time.'),
  z.strictObject({ kind: z.literal('resume_limit'), ...LIMIT }).describe('Ends a pause of a value.'),
  z
    .strictObject({ kind: z.literal('reset_limit'), ...LIMIT })
    .describe('Undoes all changes of a value, and ends its pause.'),
] as const;

type LimitArguments = z.infer<(typeof LIMIT_CHANGES)[number]>;

/** When a pause ended that is to end now. Clocks of agents and processors differ. */
const LONG_AGO = new Date(0);

export function limitChange(change: LimitArguments, { client: { limits }, now }: ChangeTools): Change {
  const { key, value } = change;
  return {
    look: async (signal) => {
      if (change.kind === 'pause_limit') assertFuture('until', change.until, now());
      const { running: _running, waiting: _waiting, ...state } = await limits.get(key, value, { signal });
      return { count: 1, state };
    },
    make: ({ signal }) =>
      change.kind === 'reset_limit'
        ? limits.reset(key, value, { signal })
        : limits.change(key, value, allowanceOf(change), { signal }),
  };
}

function allowanceOf(change: Exclude<LimitArguments, { readonly kind: 'reset_limit' }>): LimitChange {
  if (change.kind === 'pause_limit') return { pausedUntil: change.until };
  if (change.kind === 'resume_limit') return { pausedUntil: LONG_AGO };
  const { concurrency, rate, maxWaiting } = change;
  return { concurrency, rate, maxWaiting };
}
