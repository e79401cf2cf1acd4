import type { StoredEndpoints, WebhookEndpointStore } from '../../core/ports/webhooks.ts';
import { Faults } from './faults.ts';

/** Webhook endpoints in memory. */
export class MemoryWebhookEndpoints implements WebhookEndpointStore {
  readonly faults = new Faults<'read' | 'write'>();
  reads = 0;
  writes = 0;
  readonly #stored = new Map<string | undefined, StoredEndpoints>();

  read(tenant: string | undefined): Promise<StoredEndpoints> {
    return this.faults.around('read', () => {
      this.reads++;
      return this.#stored.get(tenant) ?? { endpoints: [], revision: 0 };
    });
  }

  write(tenant: string | undefined, next: StoredEndpoints): Promise<boolean> {
    return this.faults.around('write', () => {
      this.writes++;
      if ((this.#stored.get(tenant)?.revision ?? 0) !== next.revision - 1) return false;
      this.#stored.set(tenant, structuredClone(next));
      return true;
    });
  }
}
