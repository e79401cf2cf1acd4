import type { RequestIdentity } from '../../core/model/request-id.ts';
import type { WebhookState } from '../../core/model/webhook-state.ts';
import type { WebhookStates } from '../../core/ports/webhooks.ts';
import { Faults } from './faults.ts';
import type { MemoryRecordStore } from './record-store.ts';

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
