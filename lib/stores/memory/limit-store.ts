import type { LimitStore, LimitWriteResult, StoredLimit } from '../../core/ports/limit-store.ts';
import { Faults } from './faults.ts';

/** The states of limits in memory. */
export class MemoryLimitStore implements LimitStore {
  readonly faults = new Faults<'read' | 'write'>();
  reads = 0;
  writes = 0;
  readonly #stored = new Map<string, StoredLimit>();

  read(name: string): Promise<StoredLimit | undefined> {
    return this.faults.around('read', () => {
      this.reads++;
      return this.#stored.get(name);
    });
  }

  write(name: string, next: StoredLimit): Promise<LimitWriteResult> {
    return this.faults.around('write', (): LimitWriteResult => {
      this.writes++;
      const stored = this.#stored.get(name);
      if ((stored?.revision ?? 0) !== next.revision - 1) return { written: false, stored };
      this.#stored.set(name, structuredClone(next));
      return { written: true };
    });
  }
}
