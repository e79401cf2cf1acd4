import type { BatchKey, BatchStore, DueBatch } from '../ports/batch-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { MinuteTimers } from '../ports/minute-timers.ts';
import { BATCH_LEASE_MILLISECONDS, type BatchRunner } from './batch-runner.ts';

/** A store whose batches are leased one by one. */
export interface LeasedBatches extends Pick<BatchStore, 'find'> {
  /** Leases a batch if it is due. @param now, leasedUntil milliseconds since 1970 */
  take(batch: BatchKey, now: number, leasedUntil: number): Promise<DueBatch | undefined>;
  /** Repairs what processes left behind when they died. @param now milliseconds since 1970 */
  balance(batch: BatchKey, now: number): Promise<void>;
}

/** The ports of {@link BatchUpkeep}. */
export interface BatchUpkeepPorts {
  readonly store: LeasedBatches;
  readonly runner: Pick<BatchRunner, 'advance'>;
  readonly timers: Pick<MinuteTimers, 'stop'>;
  readonly clock: Clock;
}

/** Does what a batch waits for, where each batch has a timer. */
export class BatchUpkeep {
  readonly #ports: BatchUpkeepPorts;

  constructor(ports: BatchUpkeepPorts) {
    this.#ports = ports;
  }

  /**
   * Does what a batch waits for, and stops its timer when there is nothing left. Several processes may do so at the same time.
   * @param mayGoOn whether there is time for a further part; the next run does what is left
   * @throws any error of a port; a later run repeats what failed
   */
  async run(key: BatchKey, mayGoOn: () => boolean): Promise<void> {
    const { store, runner, timers, clock } = this.#ports;
    await store.balance(key, clock.now());
    do {
      const due = await store.take(key, clock.now(), clock.now() + BATCH_LEASE_MILLISECONDS);
      if (!due) break;
      await runner.advance(due);
    } while (mayGoOn());
    const stored = await store.find(key.tenant, key.id);
    if (!stored || stored.keptUntil !== undefined) await timers.stop(key);
  }
}
