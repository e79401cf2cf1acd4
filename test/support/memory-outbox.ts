import type { Publication } from '../../lib/core/wire/batch-publisher.ts';
import type { OutboxLevel, OutboxSource, PublishRows, StoredRow } from '../../lib/outbox/outbox-source.ts';

/** An outbox in memory. Keeps the order of aggregates: those whose rows are being published are left out. */
export class MemoryOutbox implements OutboxSource {
  readonly maxBatches = 2;
  readonly refused = new Map<string, string>();
  #rows: readonly StoredRow[] = [];
  readonly #taken = new Set<StoredRow>();
  #changed = Promise.withResolvers<void>();

  /** Thrown by the next call, once. */
  failure: Error | undefined;

  readonly #maxRows: number;

  constructor(maxRows = 100) {
    this.#maxRows = maxRows;
  }

  get rows(): readonly StoredRow[] {
    return this.#rows;
  }

  add(...rows: readonly StoredRow[]): void {
    this.#rows = [...this.#rows, ...rows];
    this.#changed.resolve();
  }

  async relay(publish: PublishRows): Promise<readonly Publication[]> {
    this.#changed = Promise.withResolvers();
    const { failure } = this;
    this.failure = undefined;
    if (failure) throw failure;
    const holding = this.#rows.filter((row) => this.refused.has(row.id) || this.#taken.has(row));
    const held = new Set(holding.map(({ aggregateid }) => aggregateid));
    const batch = this.#rows.filter(({ aggregateid }) => !held.has(aggregateid)).slice(0, this.#maxRows);
    for (const row of batch) this.#taken.add(row);
    const publications = await publish(batch);
    for (const row of batch) this.#taken.delete(row);
    for (const [nth, publication] of publications.entries()) {
      const row = batch[nth];
      if (publication.published) this.#rows = this.#rows.filter((other) => other !== row);
      else if (publication.refused && row) this.refused.set(row.id, publication.reason);
    }
    return publications;
  }

  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([promise, this.#changed.promise]);
    clearTimeout(timer);
  }

  async level(): Promise<OutboxLevel> {
    const waiting = this.#rows.length - this.refused.size;
    return { waiting, oldestMilliseconds: 0, refused: this.refused.size };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
