import {
  ANYTHING,
  assertText,
  checkOptions,
  listOf,
  type MemberShapes,
  NUMBER,
  objectOf,
  oneOf,
  openObjectOf,
  recordOf,
  required,
  shape,
  TEXT,
} from '../../core/config/shape.ts';
import { ACTION_RULES, type ActionFilter, type ActionRequest } from '../../core/model/action.ts';
import { Actions, type SeenPlan } from '../../core/operations/actions.ts';

const TIME = shape('a number of milliseconds since 1970', (value) => typeof value === 'number');

/** What is ANYTHING has a check of its own. */
const FILTER: MemberShapes<ActionFilter> = {
  ids: listOf(TEXT),
  failureGroup: TEXT,
  code: TEXT,
  tenant: TEXT,
  topic: TEXT,
  handlerVersion: TEXT,
  status: ANYTHING,
  metadata: recordOf(ANYTHING),
  since: TIME,
  until: TIME,
  createdSince: TIME,
  createdUntil: TIME,
};

const PLAN: Partial<MemberShapes<ActionRequest>> = {
  action: required(oneOf(Object.keys(ACTION_RULES))),
  filter: required(objectOf(FILTER)),
  canary: openObjectOf({}),
  reason: TEXT,
};

/** The actions of a program, whose options are checked. The API checks calls by schemas of its own. */
export class CheckedActions extends Actions {
  override async plan(request: ActionRequest) {
    return super.plan(checkOptions('actions.plan()', request, PLAN));
  }

  override async apply(id: string, seen: SeenPlan, by?: string) {
    assertText('actions.apply()', 'id', id);
    checkOptions('actions.apply()', seen, { count: required(NUMBER), hash: required(TEXT) });
    return super.apply(id, seen, by);
  }
}
