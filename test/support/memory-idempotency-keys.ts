import type { IdempotencyKeys, KeyUse } from '../../lib/core/ports.ts';
import { Faults } from './faults.ts';

/** Idempotency keys in memory. It never drops one by itself, as a table may not for days. */
export class MemoryIdempotencyKeys implements IdempotencyKeys {
  readonly faults = new Faults<'take'>();
  readonly #uses = new Map<string, KeyUse>();

  take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse> {
    return this.faults.around('take', () => {
      const name = JSON.stringify([key, tenant]);
      const earlier = this.#uses.get(name);
      if (earlier && earlier.keptUntil > use.usedAt) return earlier;
      const taken = { ...use, keptUntil: Math.ceil(use.keptUntil / 1000) * 1000 };
      this.#uses.set(name, taken);
      return taken;
    });
  }
}
