import { CoatcheckError } from '../base/errors.ts';
import { quote } from '../base/quote.ts';
import type { Clock } from '../ports/clock.ts';
import type { OperatorPause, OperatorPauses } from '../ports/pausing.ts';
import type { Logger } from '../ports/telemetry.ts';

/** The longest pause that an operator can ask for, in seconds: what waits must not outlive its queue. */
export const OPERATOR_PAUSE_MAX_SECONDS = 86_400;

/** Most characters of its reason. */
export const OPERATOR_PAUSE_REASON_LENGTH = 200;

/** A pause can't be as asked. */
export class PauseRefused extends CoatcheckError {
  override readonly name = 'PauseRefused';
  readonly code = 'pause_invalid';
}

/** A pause to ask for. */
export interface NewPause {
  /** When processing continues by itself. */
  readonly until: Date;
  /** Why: 1 to 200 characters on one line. All who wait for a request may see it. */
  readonly reason: string;
}

/** The ports of a {@link ServicePause}. */
export interface ServicePausePorts {
  readonly pauses: OperatorPauses;
  /** How long a request can wait in its queue, in seconds. @default - as long as it must */
  readonly retentionSeconds?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Pauses all processing for an operator: requests are accepted and wait, running requests continue. A pause ends at its time,
 * even if all processes were restarted.
 */
export class ServicePause {
  readonly #ports: ServicePausePorts;
  readonly #maxSeconds: number;

  constructor(ports: ServicePausePorts) {
    this.#ports = ports;
    const { retentionSeconds = Number.POSITIVE_INFINITY } = ports;
    this.#maxSeconds = Math.min(OPERATOR_PAUSE_MAX_SECONDS, Math.floor(retentionSeconds / 4));
  }

  /** The pause of an operator in effect; undefined if there is none. */
  async get(): Promise<OperatorPause | undefined> {
    return this.#inEffect(await this.#ports.pauses.read());
  }

  /**
   * Pauses processing. Replaces an earlier pause.
   * @param by the operator, if known
   * @throws PauseRefused
   */
  async start({ until, reason }: NewPause, by?: string): Promise<OperatorPause> {
    const { pauses, clock, logger } = this.#ports;
    const since = clock.now();
    this.#assertEnd(until, since);
    assertReason(reason);
    const pause = { until: until.getTime(), reason, since, ...(by !== undefined && { by }) };
    await pauses.write(pause);
    logger.warn('An operator paused processing', { until, reason, by });
    return pause;
  }

  /**
   * Ends a pause of an operator, if there is one. A pause by the circuit breaker continues.
   * @param by the operator, if known
   * @returns the pause that it ended; undefined if none was in effect
   */
  async end(by?: string): Promise<OperatorPause | undefined> {
    const { pauses, logger } = this.#ports;
    const ended = this.#inEffect(await pauses.write(undefined));
    if (ended) logger.warn('An operator resumed processing', { by });
    return ended;
  }

  #inEffect(pause: OperatorPause | undefined): OperatorPause | undefined {
    return pause && pause.until > this.#ports.clock.now() ? pause : undefined;
  }

  #assertEnd(until: unknown, now: number): void {
    const time = until instanceof Date ? until.getTime() : Number.NaN;
    const seconds = (time - now) / 1_000;
    if (seconds > 0 && seconds <= this.#maxSeconds) return;
    const got = Number.isNaN(time) ? String(until) : new Date(time).toISOString();
    throw new PauseRefused(
      `until must be later than now, ${new Date(now).toISOString()}, by at most ${this.#maxSeconds} seconds, got ${got}`,
    );
  }
}

/** @throws PauseRefused */
function assertReason(reason: unknown): void {
  const isText = typeof reason === 'string' && reason.trim() !== '';
  if (isText && reason.length <= OPERATOR_PAUSE_REASON_LENGTH && !/\p{Cc}/u.test(reason)) return;
  const got = isText ? `${reason.length}: ${quote(reason)}` : quote(reason);
  throw new PauseRefused(
    `reason must be 1 to ${OPERATOR_PAUSE_REASON_LENGTH} characters without control characters, got ${got}`,
  );
}
