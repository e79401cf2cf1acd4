import { isObject } from '../core/base/json-object.ts';
import { assertText, checkOptions, NUMBER, openObjectOf, required, TEXT } from '../core/config/shape.ts';
import type {
  ActionKind,
  ActionProgress,
  ActionState,
  Canary,
  ActionFilter as Filter,
  ItemResult,
} from '../core/model/action.ts';
import type { RequestStatus } from '../core/model/request-record.ts';
import { hasMembers, type JsonAnswer, readJson } from './answers.ts';
import type { Api } from './api.ts';
import type { RequestContent } from './content.ts';
import { ApiError } from './errors.ts';
import { allOf } from './list.ts';
import { openContent } from './open-content.ts';
import { CALL, PAGE, WATCH } from './option-shapes.ts';
import { toRfc3339 } from './submission.ts';
import { membersOf, type PayloadForm } from './submit-batch.ts';
import type { CallOptions } from './webhook-endpoints.ts';

/** Selects requests for an action: all of its members must match. It has at least one. */
export interface ActionFilter extends Omit<Filter, 'since' | 'until' | 'createdSince' | 'createdUntil'> {
  /** Ended since then, or submitted since then if it hasn't ended. A string is in RFC 3339. */
  readonly since?: Date | string;
  /** Ended before then, or submitted before then if it hasn't ended. A string is in RFC 3339. */
  readonly until?: Date | string;
  /** Submitted since then. A string is in RFC 3339. */
  readonly createdSince?: Date | string;
  /** Submitted before then. A string is in RFC 3339. */
  readonly createdUntil?: Date | string;
}

/** What applying a plan takes of it. */
export interface SeenPlan {
  readonly hash: string;
  readonly count: number;
}

/** A request that an action lists. */
export interface ListedRequest {
  readonly id: string;
  readonly source?: string;
  readonly tenant?: string;
  /** When it was listed. */
  readonly status: RequestStatus;
}

/** A request that an action lists, with its result. */
export interface ActionRequestLine extends ListedRequest {
  /** Absent until it is handled. */
  readonly result?: ItemResult;
  /** Why it was skipped, or what failed. */
  readonly detail?: string;
  /** The new request, if it was retried: by this action, or before if it was skipped. */
  readonly retriedAs?: string;
}

/** An action on many requests. Times are in RFC 3339, UTC. */
export interface Action extends SeenPlan {
  readonly id: string;
  readonly action: ActionKind;
  readonly filter: ActionFilter;
  readonly state: ActionState;
  /** The first requests that it lists, up to 20. */
  readonly sample: readonly ListedRequest[];
  readonly rate: number;
  readonly canary?: Canary;
  readonly reason?: string;
  /** The payload that it retries a request with, instead of the original one: {@link ActionsClient.payload} gets it. Its size is in bytes. */
  readonly payload?: { readonly size: number; readonly contentType: string };
  readonly createdAt: string;
  /** Who planned it, if the service can tell callers apart. */
  readonly createdBy?: string;
  /** Until then, a plan can be applied. */
  readonly expiresAt: string;
  readonly appliedAt?: string;
  readonly endedAt?: string;
  readonly progress: ActionProgress & { readonly handled: number };
  /** Why its canary stopped it. */
  readonly stoppedBecause?: string;
}

const PATH = '/v1/actions';

const POLL_MILLISECONDS = 500;

/** An action to plan. */
export interface NewAction {
  readonly action: ActionKind;
  readonly filter: ActionFilter;
  /** Most requests in a second, 1 to 1,000. @default 50 */
  readonly rate?: number;
  /** Handles a part first, waits for its outcomes, and then continues or stops. Only for `redrive` and `retry`. */
  readonly canary?: Canary;
  /** Why, for the log of operations. */
  readonly reason?: string;
  /** For a retry of one request: a payload that replaces the original one. */
  readonly payload?: PayloadForm & {
    readonly contentType?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  };
}

/** Options of lists of actions, and of the requests of one. */
export interface ActionListOptions extends CallOptions {
  /** Most in a page, 1 to 100. @default 20 */
  readonly limit?: number;
}

/** Options of a page of actions, or of the requests of one. */
export interface ActionPageOptions extends ActionListOptions {
  /** `next` of the previous page. @default the first page */
  readonly cursor?: string;
}

/** A page of actions. */
export interface ActionPage {
  readonly actions: readonly Action[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** A page of the requests of an action. */
export interface ActionRequestPage {
  readonly requests: readonly ActionRequestLine[];
  /** Cursor of the next page; absent on the last one. */
  readonly next?: string;
}

/** Options of {@link ActionsClient.wait}. */
export interface ActionWaitOptions extends CallOptions {
  /** Called with the action at first, and whenever it has changed. */
  readonly onChange?: (action: Action) => void;
}

/** Acts on many requests at once: plans first, applies then. Every call may throw an `ApiError` with the code `operator_required`. */
export class ActionsClient {
  readonly #api: Api;

  constructor(api: Api) {
    this.#api = api;
  }

  /**
   * Lists the requests that an action would handle, and changes none of them.
   * @throws ApiError with the code `filter_empty`, `filter_invalid`, `action_invalid` or `plan_too_large`
   */
  async plan(action: NewAction, options: CallOptions = {}): Promise<Action> {
    const { signal } = checkOptions('actions.plan()', options, CALL);
    const { filter, payload, ...given } = checkOptions('actions.plan()', action, NEW_ACTION);
    const { since, until, createdSince, createdUntil, ...same } = filter;
    const body = JSON.stringify({
      ...given,
      filter: {
        ...same,
        since: toRfc3339(since),
        until: toRfc3339(until),
        createdSince: toRfc3339(createdSince),
        createdUntil: toRfc3339(createdUntil),
      },
      payload: payload && membersOf(payload),
    });
    return readAction(await this.#api.json({ ...POST, path: PATH, body, signal }));
  }

  /**
   * Starts to handle the requests that a plan lists, and no others.
   * @param seen the plan that was looked at
   * @throws ApiError with the code `plan_changed` if its filter matches other requests now, `plan_expired`, `action_not_planned` or
   *   `action_unknown`
   */
  async apply(id: string, seen: SeenPlan, options: CallOptions = {}): Promise<Action> {
    const { signal } = checkOptions('actions.apply()', options, CALL);
    const { hash, count } = checkOptions('actions.apply()', seen, SEEN);
    return this.#api.retrier.run(async (attempt) => {
      try {
        const body = JSON.stringify({ hash, count });
        return readAction(await this.#api.jsonOnce({ ...POST, path: `${pathOf(id)}/apply`, body, signal }));
      } catch (error) {
        // The answer of an earlier try was lost.
        if (attempt === 1 || !(error instanceof ApiError) || error.code !== 'action_not_planned') throw error;
        return this.get(id, { signal });
      }
    }, signal);
  }

  /** Ends an action, or drops a plan. @throws ApiError with the code `action_over` or `action_unknown` */
  async abort(id: string, options: CallOptions = {}): Promise<Action> {
    const { signal } = checkOptions('actions.abort()', options, CALL);
    return readAction(await this.#api.json({ method: 'POST', path: `${pathOf(id)}/abort`, signal }));
  }

  /** Gets an action. @throws ApiError with the code `action_unknown` */
  async get(id: string, options: CallOptions = {}): Promise<Action> {
    const { signal } = checkOptions('actions.get()', options, CALL);
    return readAction(await this.#api.json({ method: 'GET', path: pathOf(id), signal }));
  }

  /**
   * Gets the payload that an action retries its request with, instead of the original one.
   * @throws ApiError with the code `action_payload_unknown` if it has none, or `action_unknown`
   */
  async payload(id: string, options: CallOptions = {}): Promise<RequestContent> {
    const path = `${pathOf(id)}/payload`;
    return openContent(this.#api, path, checkOptions('actions.payload()', options, CALL));
  }

  /** Lists actions, newest first: the log of operations. Fetches pages on demand. */
  list(options: ActionListOptions = {}): AsyncGenerator<Action, void> {
    const pageAt = (cursor: string | undefined) => this.listPage({ ...options, cursor });
    return allOf(pageAt, ({ actions }) => actions);
  }

  /** Gets one page of actions, newest first. */
  async listPage(options: ActionPageOptions = {}): Promise<ActionPage> {
    const { limit, cursor, signal } = checkOptions('actions.listPage()', options, PAGE);
    const answer = await this.#api.json({ method: 'GET', path: PATH, query: { limit, cursor }, signal });
    return readJson(answer, 'a page of actions', isPage);
  }

  /** Lists the requests of an action, with their results. Fetches pages on demand. @throws ApiError with the code `action_unknown` */
  requests(id: string, options: ActionListOptions = {}): AsyncGenerator<ActionRequestLine, void> {
    const pageAt = (cursor: string | undefined) => this.requestsPage(id, { ...options, cursor });
    return allOf(pageAt, ({ requests }) => requests);
  }

  /** Gets one page of the requests of an action, with their results. @throws ApiError with the code `action_unknown` */
  async requestsPage(id: string, options: ActionPageOptions = {}): Promise<ActionRequestPage> {
    const { limit, cursor, signal } = checkOptions('actions.requestsPage()', options, PAGE);
    const path = `${pathOf(id)}/requests`;
    const answer = await this.#api.json({ method: 'GET', path, query: { limit, cursor }, signal });
    return readJson(answer, 'a page of requests', isRequestPage);
  }

  /** Waits until an action that was applied has ended. @throws ApiError with the code `action_unknown` */
  async wait(id: string, options: ActionWaitOptions = {}): Promise<Action> {
    const { onChange, signal } = checkOptions('actions.wait()', options, WATCH);
    let latest = '';
    for (;;) {
      const action = await this.get(id, { signal });
      const text = JSON.stringify(action);
      if (text !== latest) onChange?.(action);
      latest = text;
      if (hasActionEnded(action)) return action;
      await this.#api.timing.sleep(POLL_MILLISECONDS, signal);
    }
  }
}

/** Whether an action has ended. Its state is then final. */
export function hasActionEnded({ state }: Pick<Action, 'state'>): boolean {
  return state !== 'planned' && state !== 'running';
}

const NEW_ACTION = { action: required(TEXT), filter: required(openObjectOf({})) };

const SEEN = { hash: required(TEXT), count: required(NUMBER) };

const POST = { method: 'POST', headers: { 'content-type': 'application/json' } } as const;

function pathOf(id: string): string {
  assertText('actions', 'id', id);
  return `${PATH}/${encodeURIComponent(id)}`;
}

function readAction(answer: JsonAnswer): Action {
  return readJson(answer, 'an action', isAction);
}

function isAction(value: unknown): value is Action {
  return hasMembers(value, {
    id: 'string',
    action: 'string',
    state: 'string',
    count: 'number',
    progress: 'object',
  });
}

function isPage(value: unknown): value is ActionPage {
  return isObject(value) && Array.isArray(value.actions) && value.actions.every(isAction);
}

function isRequestPage(value: unknown): value is ActionRequestPage {
  return (
    isObject(value) &&
    Array.isArray(value.requests) &&
    value.requests.every((each) => hasMembers(each, { id: 'string', status: 'string' }))
  );
}
