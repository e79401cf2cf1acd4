import { backoffBound } from '../core/base/backoff.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type { DelayQueue, EventSource, Pause } from '../core/ports/pausing.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { decodePauseMessage, encodePauseMessage } from '../core/wire/pause-message.ts';
import { FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS, LONGEST_CHANGE_SECONDS } from './event-source-changes.ts';

/** What a {@link Breaker} works with. */
export interface BreakerPorts {
  readonly source: EventSource;
  /** The breaker's own. */
  readonly queue: DelayQueue;
  readonly metrics: { count(name: 'Paused' | 'Resumed'): void };
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Disables an event source for a pause, and enables it again. The message that enables it is sent before the source is
 * disabled, and is delivered until it succeeds. It contains the id of its pause, which is also set on the source. So a
 * leftover message of an earlier pause doesn't end a later one, and doesn't enable what an operator has disabled since. Pauses of
 * operators are not for it: see {@link OperatorPauseSwitch}.
 */
export class Breaker {
  readonly #ports: BreakerPorts;

  constructor(ports: BreakerPorts) {
    this.#ports = ports;
  }

  /** Handles a message. Never rejects. @returns how the host must settle the message */
  async run(message: QueueMessage): Promise<Disposition> {
    try {
      await this.#obey(message);
      return ACK;
    } catch (error) {
      const fields = { messageId: message.id, error: serializeError(error) };
      this.#ports.logger.error(
        'The event source could not be paused or resumed; this will be retried',
        fields,
      );
      // A concurrent change is over soon. Any other failure may last longer.
      const { deliveryCount = 1 } = message;
      const afterSeconds = backoffBound(deliveryCount, FIRST_WAIT_SECONDS, LAST_WAIT_SECONDS);
      return { action: 'retry', afterSeconds };
    }
  }

  async #obey({ id, body, sentAt }: QueueMessage): Promise<void> {
    const message = decodePauseMessage(body);
    if (message.type === 'operator-pause') return;
    if (message.type === 'resume') return this.#resume(message.pauseId);
    const endsAt = sentAt + message.seconds * 1000;
    const secondsLeft = Math.min(message.seconds, Math.ceil((endsAt - this.#ports.now()) / 1000));
    if (secondsLeft > 0) await this.#pause({ ...message, seconds: secondsLeft }, id);
  }

  /** Leaves a disabled source alone: it is already paused, or an operator has disabled it. */
  async #pause({ seconds, reason }: Pause, pauseId: string): Promise<void> {
    const { source, queue, metrics, logger } = this.#ports;
    if (!(await source.isEnabled())) return;
    const resume = encodePauseMessage({ type: 'resume', pauseId });
    await queue.send(resume, Math.max(seconds, LONGEST_CHANGE_SECONDS));
    await source.notePause(pauseId);
    await source.disable();
    if (seconds < LONGEST_CHANGE_SECONDS) await queue.send(resume, seconds);
    metrics.count('Paused');
    logger.warn('Processing paused', { seconds, reason, pauseId });
  }

  /** Clears the pause last: until then its message is delivered again. A source that an operator's pause holds stays disabled. */
  async #resume(pauseId: string | undefined): Promise<void> {
    const { source, metrics, logger } = this.#ports;
    if ((await source.pauseId()) !== pauseId) {
      logger.info('Nothing resumed: the event source is not off for this pause', { pauseId });
      return;
    }
    const enable = async () => {
      if (await source.isHeld()) return false;
      if (await source.isEnabled()) return true;
      await source.enable();
      metrics.count('Resumed');
      logger.info('Processing resumed', { pauseId });
      return true;
    };
    const isEnabled = await enable();
    if (pauseId !== undefined) await source.notePause(undefined);
    // An operator's pause may have begun or ended in between.
    if (!isEnabled) await enable();
    else if (await source.isHeld()) await source.disable();
  }
}
