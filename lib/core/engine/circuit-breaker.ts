import { DownstreamUnavailable, RetryLater } from '../base/errors.ts';
import { serializeError, summarizeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { PauseRequests } from '../ports/pausing.ts';
import type { Logger } from '../ports/telemetry.ts';
import { PAUSE_MAX_SECONDS } from '../wire/pause-message.ts';

/** Attempts of an instance that must find something down, none succeeding in between: one alone may be to blame. */
const FAILURES_IN_A_ROW = 5;

/** Attempts a failure rate is made of. */
const SAMPLE = 20;

/** When a {@link Circuit} opens. */
export interface CircuitSettings {
  /** The first pause; it doubles while nothing succeeds. */
  readonly pauseSeconds: number;
  /** Failures in percent of attempts; undefined where only {@link DownstreamUnavailable} counts. */
  readonly failureRatePercent: number | undefined;
}

/** What a {@link Circuit} works with. */
export interface CircuitPorts {
  /** Asked to keep further messages away; absent where nothing can. */
  readonly pauses: PauseRequests | undefined;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * A circuit breaker: while what every request needs is down, one instance begins nothing, and asks that nothing be
 * given to any. When the pause is over it tries again, and the first failure makes for a longer pause.
 * @see https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
 */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #ports: CircuitPorts;
  #openUntil = 0;
  /** Pauses since an attempt last succeeded. */
  #pausesInARow = 0;
  #hasSucceeded = false;
  /** Receives of the messages that found something down since an attempt last succeeded. */
  #downInARow: number[] = [];
  /** Whether each of the latest attempts failed. */
  #recent: boolean[] = [];
  /** What opened it, until a pause is asked for. */
  #opened: { readonly by: unknown } | undefined;

  constructor(settings: CircuitSettings, ports: CircuitPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Seconds until anything may be begun: 0 while the circuit is closed. */
  get secondsLeft(): number {
    return Math.max(0, Math.ceil((this.#openUntil - this.#ports.now()) / 1000));
  }

  /**
   * An attempt succeeded: whatever was down isn't any more, or isn't what every request needs. A pause that was asked for
   * takes its time all the same.
   */
  succeeded(): void {
    if (this.#opened?.by instanceof DownstreamUnavailable) this.#close();
    this.#hasSucceeded = true;
    this.#pausesInARow = 0;
    this.#downInARow = [];
    this.#sample(false);
  }

  /**
   * An attempt failed, or could not even begin, and is to be made again.
   * @param receives of its message
   * @returns whether it is uncounted: not counted, since not its request is to blame
   */
  failed(error: unknown, receives: number): boolean {
    const down = error instanceof DownstreamUnavailable;
    if (!down && !this.#ratesFailure(error)) return false;
    const isOpen = this.secondsLeft > 0;
    const isProbe = this.#pausesInARow > 0;
    if (down) this.#downInARow.push(receives);
    this.#sample(true);
    if (!isOpen && (isProbe || this.#isBroken())) this.#open(error, receives);
    return down || isOpen || isProbe;
  }

  /**
   * Asks for a pause if the circuit has opened: at the end of a batch, since what was begun before may still succeed.
   * Never rejects.
   */
  async flush(closing: AbortSignal): Promise<void> {
    const { secondsLeft } = this;
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened && secondsLeft > 0) await unlessAborted(this.#ask(secondsLeft, opened.by), closing, () => {});
  }

  /** Errors that say by themselves when to come back are no sign that anything is down. */
  #ratesFailure(error: unknown): boolean {
    return this.#settings.failureRatePercent !== undefined && !(error instanceof RetryLater);
  }

  #sample(failed: boolean): void {
    this.#recent = [...this.#recent, failed].slice(-SAMPLE);
  }

  #isBroken(): boolean {
    if (this.#downInARow.length >= FAILURES_IN_A_ROW) return true;
    const { failureRatePercent = Number.POSITIVE_INFINITY } = this.#settings;
    const failures = this.#recent.filter(Boolean).length;
    return this.#recent.length === SAMPLE && (100 * failures) / SAMPLE >= failureRatePercent;
  }

  #close(): void {
    this.#openUntil = 0;
    this.#opened = undefined;
  }

  #open(error: unknown, receives: number): void {
    const { pauseSeconds } = this.#settings;
    const doublings = this.#hasSucceeded
      ? this.#pausesInARow
      : Math.max(this.#pausesInARow, pausesOf([receives, ...this.#downInARow]));
    const { retryAfterSeconds = 0 } = error instanceof DownstreamUnavailable ? error : {};
    const seconds = Math.min(
      Math.max(pauseSeconds * 2 ** doublings, Math.ceil(retryAfterSeconds)),
      PAUSE_MAX_SECONDS,
    );
    this.#openUntil = this.#ports.now() + seconds * 1000;
    this.#pausesInARow++;
    this.#downInARow = [];
    this.#recent = [];
    this.#opened = { by: error };
  }

  /** Without a pause of the event source this instance returns every message it receives, and SQS counts each receive. */
  async #ask(seconds: number, error: unknown): Promise<void> {
    const { pauses, logger } = this.#ports;
    const { name, message } = summarizeError(error);
    logger.error('Processing pauses: what every request needs is down', {
      seconds,
      error: serializeError(error),
    });
    try {
      await pauses?.request({ seconds, reason: `${name}: ${message}` });
    } catch (refusal) {
      logger.error('The event source could not be asked to pause', { error: serializeError(refusal) });
    }
  }
}

/**
 * How many pauses messages have been through, for an instance in which nothing has succeeded yet: it may be new, and SQS
 * counts how often a message is given out.
 */
function pausesOf(receives: readonly number[]): number {
  return Math.min(...receives) - 1;
}
