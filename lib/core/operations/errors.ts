import { CoatcheckError } from '../base/errors.ts';
import type { ActionState } from '../model/action.ts';

/** Why an action can't be planned. */
export type PlanRefusal =
  | 'filter_empty'
  | 'filter_invalid'
  | 'metadata_undeclared'
  | 'action_invalid'
  | 'plan_too_large';

/** An operator asks for a plan that can't be made. */
export class PlanRefused extends CoatcheckError {
  override readonly name = 'PlanRefused';
  readonly code: PlanRefusal;

  constructor(code: PlanRefusal, message: string) {
    super(message);
    this.code = code;
  }
}

/** The action doesn't exist. */
export class ActionNotFound extends CoatcheckError {
  override readonly name = 'ActionNotFound';
  readonly code = 'action_unknown';

  constructor(id: string) {
    super(`There is no action ${id}, or it is no longer kept`);
  }
}

/** The action retries requests with their own payloads, or none at all. */
export class ActionPayloadNotFound extends CoatcheckError {
  override readonly name = 'ActionPayloadNotFound';
  readonly code = 'action_payload_unknown';

  constructor(id: string) {
    super(`The action ${id} has no payload of its own`);
  }
}

/** The requests that the plan lists aren't those that its filter matches now. */
export class PlanChanged extends CoatcheckError {
  override readonly name = 'PlanChanged';
  readonly code = 'plan_changed';

  constructor(id: string, planned: number, now: number) {
    const counts =
      planned === now
        ? `lists ${planned} requests, and others match now`
        : `lists ${planned}, ${now} match now`;
    super(`The requests of the plan ${id} have changed: it ${counts}. Make a new plan and check it`);
  }
}

/** `count` and `hash` aren't those of the plan. */
export class PlanMismatched extends CoatcheckError {
  override readonly name = 'PlanMismatched';
  readonly code = 'plan_changed';

  constructor(id: string, given: { readonly count: number; readonly hash: string }) {
    super(
      `count and hash must be those of the plan ${id}, got ${given.count} and ${given.hash}: look at the plan again`,
    );
  }
}

/** The plan wasn't applied in time. */
export class PlanExpired extends CoatcheckError {
  override readonly name = 'PlanExpired';
  readonly code = 'plan_expired';

  constructor(id: string, expiredAt: number) {
    super(`The plan ${id} could be applied until ${new Date(expiredAt).toISOString()}: make a new one`);
  }
}

/** Only a plan can be applied. */
export class ActionNotPlanned extends CoatcheckError {
  override readonly name = 'ActionNotPlanned';
  readonly code = 'action_not_planned';

  constructor(id: string, state: ActionState) {
    super(`The action ${id} can't be applied: it is ${state}`);
  }
}

/** Only what is planned or runs can be aborted. */
export class ActionOver extends CoatcheckError {
  override readonly name = 'ActionOver';
  readonly code = 'action_over';

  constructor(id: string, state: ActionState) {
    super(`The action ${id} can't be aborted: it is ${state}`);
  }
}
