import type { Action, ActionItem, ActionRequest, ActionTarget } from '../model/action.ts';
import type { RequestStatus } from '../model/request-record.ts';

/** What a plan is for. */
export type ActionPlan = Pick<ActionRequest, 'action' | 'filter' | 'payload'>;

/** How a request ended; `unknown` if nothing says so. */
export type EndStatus = RequestStatus | 'unknown';

/** The requests that actions are for. */
export interface ActionTargets {
  /** Lists what an action would handle now, in pages, and changes nothing. */
  find(plan: ActionPlan): AsyncIterable<readonly ActionTarget[]>;
  /**
   * Handles some of the listed requests that aren't settled, and records in the store of actions what became of each. Each is checked
   * again, and skipped if it is no longer as the action needs it. A request that is settled isn't touched again: its change and its
   * settlement are one step, or the change has no effect when it is repeated.
   * @param before only those whose place in the plan is less
   * @param limit most of them
   * @returns how many; 0 if all are settled
   * @throws any error of a port, after which the requests that aren't settled can be handled again
   */
  handle(action: Action, before: number, limit: number): Promise<number>;
  /** How a request has ended that was handled and ran again; undefined while it waits or runs. */
  endOf(action: Action, item: ActionItem): Promise<EndStatus | undefined>;
}
