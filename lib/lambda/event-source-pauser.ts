import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type { DelayQueue, EventSource, Pause } from '../core/ports/pausing.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { decodePauseMessage, encodePauseMessage } from '../core/wire/pause-message.ts';

/**
 * Longest time a source takes to turn something off or to fail, its client's retries included. What is to turn it on
 * again must not come before: it would find it on, be done, and never come again.
 */
const LONGEST_CHANGE_SECONDS = 30;

/** Waits before a message is tried again double from the one to the other. */
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
 * Turns an event source off and, for each time, on again. What turns it on is on its way before it is turned off, and
 * is delivered until it succeeds. It names its pause, which is noted on the source: what is left over of an earlier
 * pause ends no later one, and doesn't turn on what an operator has turned off since.
 */
export class Breaker {
  readonly #ports: BreakerPorts;

  constructor(ports: BreakerPorts) {
    this.#ports = ports;
  }

  /** Does what a message asks for. Never rejects. @returns how the host is to settle the message */
  async run(message: QueueMessage): Promise<Disposition> {
    try {
      await this.#obey(message);
      return ACK;
    } catch (error) {
      const fields = { messageId: message.id, error: serializeError(error) };
      this.#ports.logger.error('The event source could not be paused or resumed, to be tried again', fields);
      // A change that was under way is over soon; whatever else it is may last.
      const { deliveryCount = 1 } = message;
      const afterSeconds = Math.min(FIRST_WAIT_SECONDS * 2 ** (deliveryCount - 1), LAST_WAIT_SECONDS);
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

  /** One that is off stays as it is: it is paused already, or an operator has turned it off. */
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

  /** The pause is forgotten last: until then its message is delivered again. */
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
