import fc from 'fast-check';
import { ACTION_KINDS } from '../../lib/core/model/action.ts';

const TENANTS = ['blue', 'green'] as const;

/** Values of the metadata `customer`. */
export const CUSTOMERS = ['acme', 'other'] as const;

/** What happens in a service with actions, besides what its processes do. Numbers choose among what is there. */
export const ACTION_COMMANDS = [
  // Requests by themselves.
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('submit' as const),
      tenant: fc.constantFrom(...TENANTS),
      customer: fc.constantFrom(...CUSTOMERS),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('end' as const), fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('cancel' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('duplicate' as const), which: fc.nat() }) },
  // Operators.
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('plan' as const),
      // What submits payloads again most of all.
      action: fc.constantFrom(...ACTION_KINDS, 'retry' as const),
      tenant: fc.option(fc.constantFrom(...TENANTS), { nil: undefined }),
      customer: fc.option(fc.constantFrom(...CUSTOMERS), { nil: undefined }),
      hasCanary: fc.boolean(),
      /** Whether it is applied before something else happens. */
      isApplied: fc.boolean(),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('apply' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), which: fc.nat() }) },
] as const;

type ActionCommand =
  (typeof ACTION_COMMANDS)[number]['arbitrary'] extends fc.Arbitrary<infer Value> ? Value : never;

/** Whatever happened, operators retry all failures: twice, since a plan lists one dead letter of each request. */
export const RETRY_ALL: readonly OperatorCommand[] = Array.from({ length: 2 }, () => ({
  type: 'plan',
  action: 'retry',
  tenant: undefined,
  customer: undefined,
  hasCanary: false,
  isApplied: true,
}));

/** A request that is submitted. */
export type Submission = Extract<ActionCommand, { type: 'submit' }>;

/** A call of an operator. */
export type OperatorCommand = Extract<ActionCommand, { type: 'plan' | 'apply' | 'abort' }>;
