import type { Publication } from '../core/wire/batch-publisher.ts';

/** A row of an outbox table, as any application may write it: `OutboxRow` is one. */
export interface StoredRow {
  readonly id: string;
  readonly aggregatetype: string;
  /** The rows of an aggregate have an order. */
  readonly aggregateid: string;
  readonly type: string;
  /** Text, or bytes where the column holds bytes. */
  readonly payload: string | Uint8Array<ArrayBuffer>;
  readonly tracingspancontext: string | null;
}

/** Publishes rows. Never rejects. @returns what became of each row, in their order */
export type PublishRows = (rows: readonly StoredRow[]) => Promise<readonly Publication[]>;

/** How full an outbox is. */
export interface OutboxLevel {
  /** Rows that wait to be relayed, those behind a refused one included. */
  readonly waiting: number;
  /** How long the oldest of them has been waiting, in milliseconds; 0 without any. */
  readonly oldestMilliseconds: number;
  /** Rows that were refused, and are kept until the operator decides. */
  readonly refused: number;
}

/** The outbox table of an application. */
export interface OutboxSource extends AsyncDisposable {
  /** How many calls of {@link relay} it serves at the same time. */
  readonly maxBatches: number;
  /**
   * Publishes a batch of committed rows, the oldest first, those of an aggregate in the order in which they were inserted, and
   * none that another relay holds. Then removes the rows that were published, and only those. Keeps a refused row aside, with the
   * reason: it isn't taken again. All others are taken again, also after a crash anywhere in between.
   * @returns what became of each row; none if no row waits
   * @throws any error of the store
   */
  relay(publish: PublishRows): Promise<readonly Publication[]>;
  /**
   * Waits until rows may have been committed since the last {@link relay} began, for so long at most, or until the signal fires.
   * It is a hint, which may come late or never. Never rejects.
   */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** @throws any error of the store */
  level(): Promise<OutboxLevel>;
}
