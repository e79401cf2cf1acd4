import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { LoadLog, Logger, WorkDone } from '../ports/telemetry.ts';

/**
 * Least time between two writes of an instance. A thousand instances make 200 writes a second; DynamoDB accepts 1,000
 * to an item.
 */
const FLUSH_INTERVAL_MILLISECONDS = 5_000;

const NOTHING: WorkDone = { completed: 0, handled: 0, milliseconds: 0 };

/** Counts the work of one instance, and periodically adds the sums to the load log. */
export class LoadMeter {
  readonly #log: LoadLog;
  readonly #now: () => number;
  readonly #logger: Logger;
  #counted = NOTHING;
  /** The work since the instance started. */
  #total = NOTHING;
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

  /**
   * Starts to measure how long a batch holds slots. A slot is held until the slowest request is done, since the
   * instance takes no other batch before. Requests that end without running the handler, such as expired ones, hold no
   * slot.
   * @param slots how many slots there are
   * @returns a function that stops the measurement
   */
  measureSlots(slots: number): () => void {
    const { handled } = this.#total;
    const startedAt = this.#now();
    return () => {
      const held = Math.min(this.#total.handled - handled, slots);
      this.add({ milliseconds: held * (this.#now() - startedAt) });
    };
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
  { completed = 0, handled = 0, milliseconds = 0 }: Partial<WorkDone>,
): WorkDone {
  return {
    completed: work.completed + completed,
    handled: work.handled + handled,
    milliseconds: work.milliseconds + milliseconds,
  };
}
