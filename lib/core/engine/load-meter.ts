import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { LoadLog, Logger, WorkDone } from '../ports/telemetry.ts';

/**
 * Least time between two writes of an instance. A thousand instances make 200 writes a second; DynamoDB accepts 1,000
 * to an item.
 */
const FLUSH_INTERVAL_MILLISECONDS = 5_000;

const NOTHING: WorkDone = { completed: 0, handled: 0, milliseconds: 0, releases: 0, squares: 0 };

/** A measurement of slots, which batches that overlap share. */
interface SlotMeasurement {
  running: number;
  readonly startedAt: number;
  readonly handledBefore: number;
}

/** Counts the work of one instance, and periodically adds the sums to the load log. */
export class LoadMeter {
  readonly #log: LoadLog;
  readonly #now: () => number;
  readonly #logger: Logger;
  #counted = NOTHING;
  /** The work since the instance started. */
  #total = NOTHING;
  #measurement: SlotMeasurement | undefined;
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(log: LoadLog, now: () => number, logger: Logger) {
    this.#log = log;
    this.#now = now;
    this.#logger = logger;
  }

  /** Counts completed work. */
  add(more: Partial<WorkDone>): void {
    this.#counted = sumOf(this.#counted, more);
    this.#total = sumOf(this.#total, more);
  }

  /** Counts how long an attempt held its slot, on a host that takes single messages and so measures no batches. */
  addAttempt(milliseconds: number): void {
    if (!this.#measurement) this.#addRelease(milliseconds);
  }

  /**
   * Starts to measure how long a batch holds slots. A slot is held until the slowest request is done, since the
   * instance takes no other batch before. Requests that end without running the handler, such as expired ones, hold no
   * slot. Measurements that overlap count as one.
   * @param slots how many slots there are
   * @returns a function that stops the measurement
   */
  measureSlots(slots: number): () => void {
    this.#measurement ??= { running: 0, startedAt: this.#now(), handledBefore: this.#total.handled };
    const measurement = this.#measurement;
    measurement.running++;
    return () => {
      if (--measurement.running > 0) return;
      this.#measurement = undefined;
      const held = Math.min(this.#total.handled - measurement.handledBefore, slots);
      if (held > 0) this.#addRelease(held * (this.#now() - measurement.startedAt));
    };
  }

  #addRelease(milliseconds: number): void {
    this.add({ milliseconds, releases: 1, squares: milliseconds ** 2 });
  }

  /**
   * Writes the sums to the load log, if the interval is over. Never rejects. Sums that can't be written are dropped:
   * the write may have succeeded, and a rate that is too high would admit too many requests.
   * @param closing fires when there is no time left to wait for a response
   */
  async flush(closing: AbortSignal): Promise<void> {
    const now = this.#now();
    const counted = this.#counted;
    const { completed, handled } = counted;
    if (completed + handled === 0 || now - this.#flushedAt < FLUSH_INTERVAL_MILLISECONDS) return;
    this.#counted = NOTHING;
    this.#flushedAt = now;
    try {
      await unlessAborted(this.#log.add(now, counted), closing, () => {
        throw new Error("it didn't respond before the deadline");
      });
    } catch (error) {
      this.#logger.warn('Completed work could not be added to the load log', {
        error: serializeError(error),
      });
    }
  }
}

function sumOf(
  work: WorkDone,
  { completed = 0, handled = 0, milliseconds = 0, releases = 0, squares = 0 }: Partial<WorkDone>,
): WorkDone {
  return {
    completed: work.completed + completed,
    handled: work.handled + handled,
    milliseconds: work.milliseconds + milliseconds,
    releases: work.releases + releases,
    squares: work.squares + squares,
  };
}
