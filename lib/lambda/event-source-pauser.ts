import { backoffBound } from '../core/base/backoff.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type { DelayQueue, EventSource, Pause } from '../core/ports/pausing.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { decodePauseMessage, encodePauseMessage } from '../core/wire/pause-message.ts';

/**
 * Longest time until a call that disables the source succeeds or fails, including the client's retries. The message
 * that enables it again must not arrive earlier: it would find the source enabled and be acknowledged without effect.
 */
const LONGEST_CHANGE_SECONDS = 30;

/** The first and the longest wait before a message is retried. The wait doubles in between. */
const FIRST_WAIT_SECONDS = 10;

const LAST_WAIT_SECONDS = 600;

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
 * leftover message of an earlier pause doesn't end a later one, and doesn't enable what an operator has disabled since.
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

  /** Clears the pause last: until then its message is delivered again. */
  async #resume(pauseId: string | undefined): Promise<void> {
    const { source, metrics, logger } = this.#ports;
    if ((await source.pauseId()) !== pauseId) {
      logger.info('Nothing resumed: the event source is not off for this pause', { pauseId });
      return;
    }
    if (!(await source.isEnabled())) {
      await source.enable();
      metrics.count('Resumed');
      logger.info('Processing resumed', { pauseId });
    }
    if (pauseId !== undefined) await source.notePause(undefined);
  }
}
