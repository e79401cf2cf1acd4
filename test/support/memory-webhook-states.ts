import type { RequestIdentity } from '../../lib/core/model/request-id.ts';
import type { WebhookState } from '../../lib/core/model/webhook-state.ts';
import type { WebhookStates } from '../../lib/core/ports/webhooks.ts';
import { Faults } from './faults.ts';
import type { MemoryRecordStore } from './memory-record-store.ts';

/** Notes on the records of a store in memory. */
export class MemoryWebhookStates implements WebhookStates {
  readonly faults = new Faults<'note'>();
  readonly #store: MemoryRecordStore;

  constructor(store: MemoryRecordStore) {
    this.#store = store;
  }

  note(request: RequestIdentity, state: WebhookState): Promise<void> {
    return this.faults.around('note', () =>
      this.#store.noteWebhook(request, (noted) => (noted && !isLater(state, noted) ? noted : { ...state })),
    );
  }
}

function isLater(one: WebhookState, other: WebhookState): boolean {
  return one.endedAt === other.endedAt ? one.at > other.at : one.endedAt > other.endedAt;
}
