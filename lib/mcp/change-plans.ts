import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Semaphore } from '../core/base/semaphore.ts';
import { PLAN_MILLISECONDS } from '../core/model/action.ts';
import { ChangeRefused } from './change-refused.ts';
import type { Change, ChangeTools } from './changes/change.ts';
import { changeOf, type NewChange } from './changes/change-of.ts';
import type { SeenPlan } from './seen-plan.ts';

/** A plan of a change, as an agent sees it. */
export interface ChangePlan extends SeenPlan {
  readonly change: NewChange;
  /** The state of what it changes when it was made. */
  readonly now: object;
  /** Until when it can be applied, in RFC 3339. */
  readonly expiresAt: string;
}

interface StoredPlan {
  readonly plan: ChangePlan;
  readonly change: Change;
}

/** Changes that an agent planned, in the memory of this process: a plan doesn't outlast it, and is applied at most once. */
export class ChangePlans {
  readonly #tools: ChangeTools;
  readonly #plans = new Map<string, StoredPlan>();
  /** One at a time: agents make calls in parallel, and the change of one plan must be seen by the next. */
  readonly #applications = new Semaphore(1);

  constructor(tools: ChangeTools) {
    this.#tools = tools;
  }

  /** Looks at what a change is about, and changes nothing. @throws ApiError, ChangeRefused */
  async plan(given: NewChange, signal: AbortSignal): Promise<ChangePlan> {
    this.#forgetExpired();
    const change = changeOf(given, this.#tools);
    const { count, state } = await change.look(signal);
    const id = crypto.randomUUID();
    const hash = createHash('sha256')
      .update(JSON.stringify({ id, change: given, count, state }))
      .digest('hex');
    const expiresAt = new Date(this.#tools.now() + PLAN_MILLISECONDS).toISOString();
    const plan = { id, count, hash, change: given, now: state, expiresAt };
    this.#plans.set(id, { plan, change });
    return plan;
  }

  /**
   * Makes the change of a plan, if what it is about is still as it was planned for.
   * @param signal fires when the agent cancels the call: the change isn't tried again, or not at all
   * @throws ApiError, ChangeRefused; ConnectionFailed if it isn't known whether the change was made; the reason of the signal
   */
  async apply({ id, count, hash }: SeenPlan, signal: AbortSignal): Promise<object> {
    const stored = this.#plans.get(id);
    if (!stored) {
      throw new ChangeRefused(
        'plan_unknown',
        `There is no plan ${id} of a change: it was applied or refused, it expired long ago, or an earlier server made it. Make a new plan`,
      );
    }
    const { plan, change } = stored;
    if (count !== plan.count || hash !== plan.hash) {
      throw new ChangeRefused(
        'plan_changed',
        `count and hash must be those of the plan ${id}, got ${count} and ${hash}: look at the plan again`,
      );
    }
    this.#plans.delete(id);
    return this.#applications.run({}, async () => {
      const { state } = await change.look(signal);
      // A service that is down may take minutes to answer.
      if (Date.parse(plan.expiresAt) <= this.#tools.now()) {
        throw new ChangeRefused(
          'plan_expired',
          `The plan ${id} could be applied until ${plan.expiresAt}: make a new one`,
        );
      }
      if (!isDeepStrictEqual(state, plan.now)) {
        throw new ChangeRefused(
          'plan_changed',
          `What the plan ${id} would change has changed since it was planned: make a new plan and check it`,
        );
      }
      return change.make({ planId: id, signal });
    });
  }

  #forgetExpired(): void {
    for (const [id, { plan }] of this.#plans) {
      if (Date.parse(plan.expiresAt) <= this.#tools.now()) this.#plans.delete(id);
    }
  }
}
