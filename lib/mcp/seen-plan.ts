import * as z from 'zod';

/**
 * The arguments that apply a plan. No text of a request, a payload or an error has this form, and anything but the id, the count and
 * the hash of a plan is refused.
 */
export const SeenPlan = z.strictObject({
  id: z.uuid().describe('id of the plan.'),
  count: z.int().min(0).describe('count of the plan.'),
  hash: z
    .string()
    .regex(/^[\da-f]{64}$/)
    .describe('hash of the plan.'),
});

/** The `id`, the `count` and the `hash` of a plan, as an agent repeats them. */
export type SeenPlan = z.infer<typeof SeenPlan>;
