import type { IdempotencyKeys, KeyUse } from '../../core/ports/idempotency-keys.ts';
import { Faults } from './faults.ts';

/** Idempotency keys in memory. It never drops one by itself, as a table may not for days. */
export class MemoryIdempotencyKeys implements IdempotencyKeys {
  readonly faults = new Faults<'take' | 'find'>();
  readonly #uses = new Map<string, KeyUse>();

  take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse> {
    return this.faults.around('take', () => {
      const name = nameOf(tenant, key);
      const earlier = this.#useAt(name, use.usedAt);
      if (earlier) return earlier;
      const taken = { ...use, keptUntil: Math.ceil(use.keptUntil / 1000) * 1000 };
      this.#uses.set(name, taken);
      return taken;
    });
  }

  find(tenant: string | undefined, key: string, at: number): Promise<KeyUse | undefined> {
    return this.faults.around('find', () => this.#useAt(nameOf(tenant, key), at));
  }

  #useAt(name: string, at: number): KeyUse | undefined {
    const use = this.#uses.get(name);
    return use && use.keptUntil > at ? use : undefined;
  }
}

function nameOf(tenant: string | undefined, key: string): string {
  return JSON.stringify([key, tenant]);
}
