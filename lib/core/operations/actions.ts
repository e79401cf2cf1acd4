import {
  type Action,
  type ActionRequest,
  type ActionTarget,
  actionStateAt,
  type EditedPayload,
  MAX_LISTED,
  PLAN_MILLISECONDS,
  SAMPLE_SIZE,
} from '../model/action.ts';
import type { ActionStore, ListedItemPage, StoredAction } from '../ports/action-store.ts';
import type { ActionPlan, ActionTargets } from '../ports/action-targets.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type ActionView, actionViewOf } from './action-view.ts';
import { checkPlan } from './check-plan.ts';
import {
  ActionNotFound,
  ActionNotPlanned,
  ActionOver,
  ActionPayloadNotFound,
  PlanChanged,
  PlanExpired,
  PlanMismatched,
  PlanRefused,
} from './errors.ts';
import { SetHash } from './set-hash.ts';
import { actionTransition } from './transition.ts';

/** The ports of {@link Actions}. */
export interface ActionsPorts {
  readonly store: ActionStore;
  readonly targets: Pick<ActionTargets, 'find'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The keys of metadata that records keep: plans select requests by no others. */
  readonly recordMetadata: readonly string[];
  /** Makes an id that sorts by its time, in milliseconds since 1970. */
  readonly newId: (at: number) => string;
  /** Starts what does the steps of an action; it does none before the action runs. @default - a process polls for running actions */
  readonly start?: (id: string) => Promise<void>;
}

/** What an operator saw of a plan. */
export interface SeenPlan {
  readonly count: number;
  readonly hash: string;
}

/** Consecutive actions of a list. */
export interface ActionViewPage {
  readonly actions: readonly ActionView[];
  /** The `after` of the next page; absent on the last page. */
  readonly next?: string;
}

/** The lines that the log has of changes by operators. */
const LINES = { apply: 'An action was applied', abort: 'An action was aborted' } as const;

/** Actions on many requests: first planned, then applied. Planning changes no request. They are the log of operations, too. */
export class Actions {
  readonly #ports: ActionsPorts;

  constructor(ports: ActionsPorts) {
    this.#ports = ports;
  }

  /** Lists the requests that an action would handle, and keeps the list. @throws PlanRefused */
  async plan(request: ActionRequest): Promise<ActionView> {
    const { store, clock, recordMetadata, newId } = this.#ports;
    const checked = checkPlan(request, recordMetadata);
    const { targets, hash } = await this.#find(checked);
    const now = clock.now();
    const action: Action = {
      ...checked,
      id: newId(now),
      state: 'planned',
      count: targets.length,
      hash,
      sample: targets
        .slice(0, SAMPLE_SIZE)
        .map(({ id, source, tenant, status }) => ({ id, source, tenant, status })),
      createdAt: now,
      expiresAt: now + PLAN_MILLISECONDS,
    };
    return this.#viewOf(await store.create(action, targets));
  }

  /**
   * Starts to handle the requests of a plan, and no others.
   * @param by the operator, if known
   * @throws ActionNotFound, ActionNotPlanned, PlanExpired, PlanMismatched; PlanChanged if its filter matches other requests now
   */
  async apply(id: string, seen: SeenPlan, by?: string): Promise<ActionView> {
    const { action } = await this.#stored(id);
    this.#assertPlanned(action);
    const { count, hash } = action;
    if (seen.count !== count || seen.hash !== hash) throw new PlanMismatched(id, seen);
    const now = await this.#find(action);
    if (now.hash !== hash) throw new PlanChanged(id, count, now.targets.length);
    await this.#ports.start?.(id);
    return this.#viewOf(await this.#change(id, { type: 'apply', by }, this.#assertPlanned));
  }

  /**
   * Ends an action. Requests that are being handled are finished; no other request is handled. A plan is dropped.
   * @param by the operator, if known
   * @throws ActionNotFound; ActionOver if it has ended otherwise
   */
  async abort(id: string, by?: string): Promise<ActionView> {
    const aborted = await this.#change(id, { type: 'abort', by }, (action) => {
      const state = actionStateAt(action, this.#ports.clock.now());
      if (state !== 'aborted') throw new ActionOver(id, state);
    });
    return this.#viewOf(aborted);
  }

  /** @throws ActionNotFound */
  async get(id: string): Promise<ActionView> {
    return this.#viewOf(await this.#stored(id));
  }

  /** The payload with which an action retries its request. @throws ActionNotFound, ActionPayloadNotFound */
  async payload(id: string): Promise<EditedPayload> {
    const { payload } = (await this.#stored(id)).action;
    if (!payload) throw new ActionPayloadNotFound(id);
    return payload;
  }

  /** Lists actions, newest first. @param after `next` of the page before */
  async list(after: string | undefined, limit: number): Promise<ActionViewPage> {
    const { actions, next } = await this.#ports.store.list(after, limit);
    return { actions: actions.map((each) => this.#viewOf(each)), next };
  }

  /** Lists the requests of an action, in their order. @param after `next` of the page before @throws ActionNotFound */
  async requests(id: string, after: string | undefined, limit: number): Promise<ListedItemPage> {
    await this.#stored(id);
    return this.#ports.store.listed(id, after, limit);
  }

  async #stored(id: string): Promise<StoredAction> {
    const found = await this.#ports.store.find(id);
    if (!found) throw new ActionNotFound(id);
    return found;
  }

  #viewOf(stored: StoredAction): ActionView {
    return actionViewOf(stored, this.#ports.clock.now());
  }

  async #find(
    plan: ActionPlan,
  ): Promise<{ readonly targets: readonly ActionTarget[]; readonly hash: string }> {
    const targets: ActionTarget[] = [];
    const hash = new SetHash();
    for await (const page of this.#ports.targets.find(plan)) {
      targets.push(...page);
      hash.add(page);
      if (targets.length > MAX_LISTED) {
        throw new PlanRefused(
          'plan_too_large',
          `A plan lists at most ${MAX_LISTED} requests, and the filter matches more: narrow it, for example by since and until`,
        );
      }
    }
    return { targets, hash: hash.digest() };
  }

  /**
   * Changes an action for an operator, and logs that.
   * @param assertSettled called with an action that isn't changed
   */
  async #change(
    id: string,
    { type, by }: { readonly type: keyof typeof LINES; readonly by: string | undefined },
    assertSettled: (action: Action) => void,
  ): Promise<StoredAction> {
    while (true) {
      const stored = await this.#stored(id);
      const changed = actionTransition(stored.action, { type }, this.#ports.clock.now());
      if ('refused' in changed) {
        assertSettled(stored.action);
        return stored;
      }
      const revision = stored.revision + 1;
      if (await this.#ports.store.write(changed.action, revision)) {
        const { action: kind, count, reason, createdBy } = changed.action;
        this.#ports.logger.info(LINES[type], { action: id, kind, count, reason, createdBy, by });
        return { ...stored, action: changed.action, revision };
      }
    }
  }

  readonly #assertPlanned = (action: Action): void => {
    const state = actionStateAt(action, this.#ports.clock.now());
    if (state === 'planned') return;
    if (state === 'expired') throw new PlanExpired(action.id, action.expiresAt);
    throw new ActionNotPlanned(action.id, state);
  };
}
