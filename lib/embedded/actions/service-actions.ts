import { CoatcheckError, StoreUnavailable } from '../../core/base/errors.ts';
import { mapConcurrently } from '../../core/base/map-concurrently.ts';
import type { Action, ActionItem } from '../../core/model/action.ts';
import { ActionRunner } from '../../core/operations/action-runner.ts';
import type { Actions } from '../../core/operations/actions.ts';
import { endOfHandled } from '../../core/operations/end-of-handled.ts';
import type { ActionTargets, EndStatus } from '../../core/ports/action-targets.ts';
import { SqliteActionStore } from '../../stores/sqlite/action-store.ts';
import type { ActionParts, ServiceActionsParts } from './action-parts.ts';
import { CheckedActions } from './checked-actions.ts';
import { findTargets } from './find-targets.ts';
import { HANDLE_ITEM, settle } from './handle-item.ts';

/** The actions of a service in a file. */
export interface ServiceActions {
  readonly actions: Actions;
  readonly runner: ActionRunner;
  readonly store: SqliteActionStore;
}

/** Opens the actions of a service. */
export function serviceActions({ logger, ...given }: ServiceActionsParts): ServiceActions {
  const { storage, settings, intake } = given;
  const { clock } = storage;
  const { recordAgeDays, recordMetadata } = settings;
  const store = new SqliteActionStore(storage.file, recordAgeDays, {
    rehearses: given.rehearser !== undefined,
  });
  const targets = new ServiceActionTargets({ ...given, store });
  const actions = new CheckedActions({ store, targets, clock, logger, recordMetadata, newId: intake.newId });
  return { actions, runner: new ActionRunner({ store, targets, clock, logger }), store };
}

/** Most requests that are handled at a time. */
const MAX_HANDLED = 100;

/**
 * The requests in a file, for actions. A dead letter is moved or deleted in the transaction that settles its request, so that
 * no crash separates the two.
 */
class ServiceActionTargets implements ActionTargets {
  readonly #parts: ActionParts;

  constructor(parts: ActionParts) {
    this.#parts = parts;
  }

  find(plan: Parameters<ActionTargets['find']>[0]): ReturnType<typeof findTargets> {
    return findTargets(plan, this.#parts);
  }

  async handle(action: Action, before: number, limit: number): Promise<number> {
    const items = await this.#parts.store.pending(action.id, before, limit);
    const concurrency = action.action === 'rehearse' ? this.#parts.settings.concurrency : MAX_HANDLED;
    await mapConcurrently(items, concurrency, async (item) => {
      const handled = { action, item };
      try {
        await HANDLE_ITEM[action.action](handled, this.#parts);
      } catch (error) {
        // A failure that concerns one request settles it; a failure that would hit every request is tried again.
        if (!(error instanceof CoatcheckError) || error instanceof StoreUnavailable) throw error;
        await settle(handled, this.#parts, { result: 'failed', detail: error.message });
      }
    });
    return items.length;
  }

  endOf(action: Action, item: ActionItem): Promise<EndStatus | undefined> {
    return endOfHandled(action, item, this.#parts.intake.records);
  }
}
