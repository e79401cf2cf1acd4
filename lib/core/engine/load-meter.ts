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
  #flushedAt = Number.NEGATIVE_INFINITY;

  constructor(log: LoadLog, now: () => number, logger: Logger) {
    this.#log = log;
    this.#now = now;
    this.#logger = logger;
  }

  add({ completed, handled, milliseconds }: WorkDone): void {
    this.#counted = {
      completed: this.#counted.completed + completed,
      handled: this.#counted.handled + handled,
      milliseconds: this.#counted.milliseconds + milliseconds,
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
