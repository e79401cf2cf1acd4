import { backoffBound } from '../core/base/backoff.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type { DelayQueue, EventSource, OperatorPauses } from '../core/ports/pausing.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import {
  decodePauseMessage,
  encodePauseMessage,
  type OperatorPauseChanged,
  PAUSE_MAX_SECONDS,
} from '../core/wire/pause-message.ts';
import { FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS, LONGEST_CHANGE_SECONDS } from './event-source-changes.ts';

/** What an {@link OperatorPauseSwitch} works with. */
export interface OperatorPauseSwitchPorts {
  readonly sources: readonly EventSource[];
  readonly pauses: Pick<OperatorPauses, 'read'>;
  /** The queue of its own messages. */
  readonly queue: DelayQueue;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Makes event sources be as the pause of an operator says, whenever a message asks for it. While the pause lasts, it sends itself the
 * next message, at most a quarter of an hour later, before it disables anything: so the sources are enabled at the end of the pause,
 * and messages that come twice, late or in another order do no harm.
 */
export class OperatorPauseSwitch {
  readonly #ports: OperatorPauseSwitchPorts;

  constructor(ports: OperatorPauseSwitchPorts) {
    this.#ports = ports;
  }

  /** Handles a message. Never rejects. @returns how the host must settle the message */
  async run({ id, body, deliveryCount = 1 }: QueueMessage): Promise<Disposition> {
    try {
      const message = decodePauseMessage(body);
      if (message.type === 'operator-pause') await this.#follow(message);
      return ACK;
    } catch (error) {
      const fields = { messageId: id, error: serializeError(error) };
      this.#ports.logger.error(
        'The pause of an operator could not be followed; this will be retried',
        fields,
      );
      return {
        action: 'retry',
        afterSeconds: backoffBound(deliveryCount, FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS),
      };
    }
  }

  async #follow(message: OperatorPauseChanged): Promise<void> {
    const { sources, pauses, now } = this.#ports;
    const pause = await pauses.read();
    const secondsLeft = pause ? Math.ceil((pause.until - now()) / 1_000) : 0;
    if (secondsLeft <= 0) {
      await Promise.all(sources.map((source) => this.#release(source)));
      return;
    }
    // The messages of an earlier pause end with it.
    const isOwn = message.since === pause?.since;
    if (isOwn) await this.#sendNext(message, Math.max(secondsLeft, LONGEST_CHANGE_SECONDS));
    await Promise.all(sources.map((source) => this.#hold(source, pause?.reason)));
    if (isOwn && secondsLeft < LONGEST_CHANGE_SECONDS) await this.#sendNext(message, secondsLeft);
  }

  async #sendNext(message: OperatorPauseChanged, seconds: number): Promise<void> {
    await this.#ports.queue.send(encodePauseMessage(message), Math.min(seconds, PAUSE_MAX_SECONDS));
  }

  /** Leaves a source alone that a person has disabled. One that the breaker has disabled stays so when the breaker's pause ends. */
  async #hold(source: EventSource, reason: string | undefined): Promise<void> {
    const isHeld = await source.isHeld();
    const isFree = await source.isEnabled();
    if (!isHeld && !isFree && (await source.pauseId()) === undefined) return;
    if (!isHeld) await source.noteHold(true);
    // The breaker may have enabled it meanwhile.
    if (!(await source.isEnabled())) return;
    await source.disable();
    this.#ports.logger.warn('Processing paused for an operator', { reason });
  }

  /** Leaves a source disabled that the breaker has disabled. */
  async #release(source: EventSource): Promise<void> {
    if (!(await source.isHeld())) return;
    const enable = async () => {
      if ((await source.pauseId()) !== undefined) return false;
      if (!(await source.isEnabled())) await source.enable();
      return true;
    };
    // Cleared last: until then its message is delivered again.
    const isEnabled = await enable();
    await source.noteHold(false);
    // The breaker's pause may have ended in between.
    if (isEnabled || (await enable())) this.#ports.logger.info('Processing resumed for an operator');
  }
}
