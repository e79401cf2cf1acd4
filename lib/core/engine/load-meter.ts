import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { LoadLog, Logger, WorkDone } from '../ports/telemetry.ts';

/** How often an instance writes at most: a thousand of them make 200 writes a second, a fifth of what one item takes. */
const FLUSH_INTERVAL_MILLISECONDS = 5_000;

const NOTHING: WorkDone = { completed: 0, handled: 0, milliseconds: 0 };

/** Counts what one instance does and passes the sums on now and then. What isn't passed on yet waits for the next time. */
export class LoadMeter {
  readonly #log: LoadLog;
  readonly #now: () => number;
  readonly #logger: Logger;
  #counted = NOTHING;
  /** All there ever was. */
  #total = NOTHING;
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(log: LoadLog, now: () => number, logger: Logger) {
    this.#log = log;
    this.#now = now;
    this.#logger = logger;
  }

  /** Counts what was done. */
  add(more: Partial<WorkDone>): void {
    this.#counted = sumOf(this.#counted, more);
    this.#total = sumOf(this.#total, more);
  }

  /**
   * Begins to measure how long a batch holds its slots: until its slowest request is done the instance takes nothing else.
   * What ends without its handler, since it had expired, say, takes next to no time, and no slot from those that are
   * handled.
   * @param slots those there are
   * @returns ends it
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
   * Passes on what was counted, if it is time. Never rejects. What couldn't be passed on is dropped: it may have been
   * counted all the same, and a rate that is too high lets too much in.
   * @param closing fires when there is no time left to wait for an answer
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
        throw new Error("it didn't answer before the deadline");
      });
    } catch (error) {
      this.#logger.warn('What was done could not be counted', { error: serializeError(error) });
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
