import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { OperatorPause, OperatorPauses } from '../ports/pausing.ts';
import type { Logger } from '../ports/telemetry.ts';

/** The ports of an {@link OperatorPauseWatch}. */
export interface OperatorPauseWatchPorts {
  readonly pauses: Pick<OperatorPauses, 'read'>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Knows whether an operator has paused processing, as of the latest {@link refresh}. */
export class OperatorPauseWatch {
  readonly #ports: OperatorPauseWatchPorts;
  #pause: OperatorPause | undefined;
  #wasPaused = false;

  constructor(ports: OperatorPauseWatchPorts) {
    this.#ports = ports;
  }

  /** Seconds until attempts may start; 0 unless an operator has paused processing. */
  get secondsLeft(): number {
    const { until = 0 } = this.#pause ?? {};
    return Math.max(0, Math.ceil((until - this.#ports.now()) / 1_000));
  }

  /** Reads the pause. Never rejects: while the store fails, the last known pause applies. */
  async refresh(closing: AbortSignal): Promise<void> {
    const { pauses, logger } = this.#ports;
    try {
      this.#pause = await unlessAborted(pauses.read(), closing, () => this.#pause);
    } catch (error) {
      logger.warn('The pause of an operator could not be read', { error: serializeError(error) });
    }
    this.#logChange();
  }

  #logChange(): void {
    const isPaused = this.secondsLeft > 0;
    if (isPaused === this.#wasPaused) return;
    this.#wasPaused = isPaused;
    const { until, reason, by } = this.#pause ?? {};
    const { logger } = this.#ports;
    if (!isPaused) logger.info('Processing goes on: the pause of an operator is over');
    else logger.warn('Processing pauses: an operator paused it', { until, reason, by });
  }
}
