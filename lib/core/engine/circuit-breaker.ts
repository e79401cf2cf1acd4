import { backoffBound } from '../base/backoff.ts';
import {
  DownstreamUnavailable,
  PauseUntil,
  RetryLater,
  SecretUnavailable,
  StoreUnavailable,
} from '../base/errors.ts';
import { serializeError, summarizeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { PauseRequests } from '../ports/pausing.ts';
import type { LoadLog, Logger } from '../ports/telemetry.ts';
import { PAUSE_MAX_SECONDS } from '../wire/pause-message.ts';

/** Consecutive attempts of an instance that must find something down. A single one may itself be the cause. */
const FAILURES_IN_A_ROW = 5;

/** Most characters of the reason of a pause: it is a part of a sentence. */
const MAX_REASON = 200;

/** Number of attempts for a failure rate. */
const SAMPLE = 20;

/** When a {@link Circuit} opens. */
export interface CircuitSettings {
  /** The first pause; it doubles while nothing succeeds. */
  readonly pauseSeconds: number;
  /** Failures in percent of attempts; undefined if only {@link DownstreamUnavailable} counts. */
  readonly failureRatePercent: number | undefined;
}

/** The ports of a {@link Circuit}. */
export interface CircuitPorts {
  /** Pauses the message source; absent if the source can't be paused. */
  readonly pauses: PauseRequests | undefined;
  /** Notes pauses, so that forecasts can name them; absent if load isn't measured. */
  readonly load?: Pick<LoadLog, 'notePause'>;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * A circuit breaker. While something that every request needs is down, this instance starts no attempts, and requests a
 * pause of the message source for all instances. After the pause it tries again, and the first failure starts a longer
 * pause.
 * @see https://learn.microsoft.com/en-us/azure/architecture/patterns/circuit-breaker
 */
export class Circuit {
  readonly #settings: CircuitSettings;
  readonly #ports: CircuitPorts;
  #openUntil = 0;
  /** Pauses since an attempt last succeeded. */
  #pausesInARow = 0;
  #hasSucceeded = false;
  /** The delivery counts of the messages that found something down since an attempt last succeeded. */
  #downInARow: number[] = [];
  /** Whether each of the latest attempts failed. */
  #recent: boolean[] = [];
  /** The error that opened it, until a pause is requested. */
  #opened: { readonly by: unknown } | undefined;

  constructor(settings: CircuitSettings, ports: CircuitPorts) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Seconds until attempts may start; 0 while the circuit is closed. */
  get secondsLeft(): number {
    return Math.max(0, Math.ceil((this.#openUntil - this.#ports.now()) / 1000));
  }

  /**
   * An attempt succeeded, so nothing that every request needs is down. A pause that was already requested still takes its
   * full time.
   */
  succeeded(): void {
    if (this.#opened?.by instanceof DownstreamUnavailable) this.#close();
    this.#hasSucceeded = true;
    this.#pausesInARow = 0;
    this.#downInARow = [];
    this.#sample(false);
  }

  /**
   * An attempt failed or couldn't start, and will be retried.
   * @param receives the delivery count of its message
   * @returns whether the attempt doesn't count, since its request didn't cause the failure
   */
  failed(error: unknown, receives: number): boolean {
    if (error instanceof PauseUntil) {
      if (error.key === undefined) this.#openUntilTime(error);
      return true;
    }
    const down = error instanceof DownstreamUnavailable;
    if (!down && !this.#countsForRate(error)) return false;
    const isOpen = this.secondsLeft > 0;
    const isProbe = this.#pausesInARow > 0;
    if (down) this.#downInARow.push(receives);
    this.#sample(true);
    if (!isOpen && (isProbe || this.#isBroken())) this.#open(error, receives);
    return down || isOpen || isProbe;
  }

  /**
   * Requests a pause if the circuit has opened. Call it at the end of a batch: attempts that started earlier may still
   * succeed. Never rejects.
   */
  async flush(closing: AbortSignal): Promise<void> {
    const { secondsLeft } = this;
    const opened = this.#opened;
    this.#opened = undefined;
    if (!opened || secondsLeft === 0) return;
    const seconds = Math.min(secondsLeft, PAUSE_MAX_SECONDS);
    const pausing = Promise.all([this.#requestPause(seconds, opened.by), this.#notePause(opened.by)]);
    await unlessAborted<unknown>(pausing, closing, () => {});
  }

  /** Whether a failure counts for the failure rate. A {@link RetryLater} is no sign that something is down. */
  #countsForRate(error: unknown): boolean {
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

  /** A pause that the handler asks for is not a failure. */
  #openUntilTime(pause: PauseUntil): void {
    const until = pause.until.getTime();
    if (until <= this.#openUntil || until <= this.#ports.now()) return;
    this.#openUntil = until;
    this.#opened = { by: pause };
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
      Math.max(backoffBound(doublings + 1, pauseSeconds), Math.ceil(retryAfterSeconds)),
      PAUSE_MAX_SECONDS,
    );
    this.#openUntil = this.#ports.now() + seconds * 1000;
    this.#pausesInARow++;
    this.#downInARow = [];
    this.#recent = [];
    this.#opened = { by: error };
  }

  /** Without a pause, this instance would return every message that it receives, and SQS would count each receive. */
  async #requestPause(seconds: number, error: unknown): Promise<void> {
    const { pauses, logger } = this.#ports;
    const { name, message } = summarizeError(error);
    if (error instanceof PauseUntil) logger.info('Processing pauses', { until: error.until, seconds });
    else {
      logger.error('Processing pauses: something that every request needs is down', {
        seconds,
        error: serializeError(error),
      });
    }
    try {
      await pauses?.request({ seconds, reason: `${name}: ${message}` });
    } catch (refusal) {
      logger.error('The event source could not be asked to pause', { error: serializeError(refusal) });
    }
  }

  async #notePause(error: unknown): Promise<void> {
    const { load, logger } = this.#ports;
    try {
      await load?.notePause({ until: this.#openUntil, reason: reasonOf(error) });
    } catch (refusal) {
      logger.warn('A pause could not be noted in the load log', { error: serializeError(refusal) });
    }
  }
}

/**
 * The reason of a pause that any client may see. It only quotes what the handler says about all requests: other errors may
 * contain the data of a tenant, or names of internal resources.
 */
function reasonOf(error: unknown): string {
  if (error instanceof PauseUntil) return '';
  if (!(error instanceof DownstreamUnavailable)) return 'too many attempts failed';
  const isOwn = error instanceof StoreUnavailable || error instanceof SecretUnavailable;
  return isOwn ? 'something that every request needs is down' : shortened(error.message);
}

/** Puts a reason on one line: terminals and pages show it. */
function shortened(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return (line.length <= MAX_REASON ? line : `${line.slice(0, MAX_REASON)}…`).toWellFormed();
}

/**
 * Estimates how many pauses the messages have seen, for an instance without a success: it may be new, and SQS counts
 * deliveries.
 */
function pausesOf(receives: readonly number[]): number {
  return Math.min(...receives) - 1;
}
