import { backoffBound } from '../core/base/backoff.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type { DelayQueue, EventSource, Pause } from '../core/ports/pausing.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import {
  decodePauseMessage,
  encodePauseMessage,
  PAUSE_MAX_SECONDS,
  type Resume,
} from '../core/wire/pause-message.ts';
import {
  assertPrompt,
  FIRST_WAIT_SECONDS,
  LAST_WAIT_SECONDS,
  LONGEST_CHANGE_SECONDS,
  secondsLeftOf,
} from './event-source-changes.ts';

/** The ports of a {@link Breaker}. */
export interface BreakerPorts {
  readonly source: EventSource;
  /** The breaker's own. */
  readonly queue: DelayQueue;
  readonly metrics: { count(name: 'Paused' | 'Resumed'): void };
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Disables an event source for a pause, and enables it again. Messages may be delivered twice, late or concurrently, and the
 * process may be killed after each call. So:
 *
 * - The message that ends a pause is sent before the source is disabled, and arrives afterwards. It is delivered until it succeeds.
 * - Each try of a pause has its own id, on the source and in that message. So a leftover message neither ends a later pause, nor
 *   enables what an operator has disabled since.
 * - Only the message of a pause removes the pause from the source, after it has seen the source enabled. While another pause
 *   lasts, it comes again. If that message fails for long, a later pause removes it, since a source has room for a number of them.
 *
 * Pauses of operators are for {@link OperatorPauseSwitch}, which follows the same rules.
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

  async #obey({ body, sentAt }: QueueMessage): Promise<void> {
    const message = decodePauseMessage(body);
    if (message.type === 'resume') return this.#resume(message);
    if (message.type !== 'pause') return;
    const endsAt = sentAt + message.seconds * 1000;
    const secondsLeft = Math.min(message.seconds, Math.ceil((endsAt - this.#ports.now()) / 1000));
    if (secondsLeft > 0) await this.#pause({ ...message, seconds: secondsLeft });
  }

  /** Leaves a disabled source alone: it is already paused, or an operator has disabled it. */
  async #pause({ seconds, reason }: Pause): Promise<void> {
    const { source, queue, metrics, now, logger } = this.#ports;
    const seenAt = now();
    if (!(await source.isEnabled())) return;
    await this.#removeOver(seenAt);
    const pauseId = crypto.randomUUID();
    const resume = encodePauseMessage({ type: 'resume', pauseId });
    const begunAt = now();
    await queue.send(resume, Math.max(seconds, LONGEST_CHANGE_SECONDS));
    await source.addPause(pauseId, begunAt + seconds * 1000);
    assertPrompt(begunAt, now());
    await source.disable();
    if (seconds < LONGEST_CHANGE_SECONDS) await queue.send(resume, seconds);
    metrics.count('Paused');
    logger.warn('Processing paused', { seconds, reason, pauseId });
  }

  /**
   * Removes pauses that had ended, with their changes of the source, before the source was seen enabled: nothing needs to
   * enable it for them.
   * @param seenAt in milliseconds since 1970
   */
  async #removeOver(seenAt: number): Promise<void> {
    const { source, logger } = this.#ports;
    const { pauses } = await source.reasons();
    for (const [pauseId, until] of pauses) {
      // The end of a pause of an earlier version is unknown: 0.
      if (until === 0 || until + LONGEST_CHANGE_SECONDS * 1_000 >= seenAt) continue;
      await source.removePause(pauseId);
      logger.warn('A pause was left over on the event source', { pauseId });
    }
  }

  async #resume(message: Resume): Promise<void> {
    const { source, queue, metrics, logger } = this.#ports;
    const { pauseId } = message;
    const { pauses, operatorPauses } = await source.reasons();
    if (pauseId === undefined ? pauses.size > 0 : !pauses.has(pauseId)) {
      logger.info('Nothing resumed: the event source is not off for this pause', { pauseId });
      return;
    }
    const waitSeconds = this.#secondsToWait(pauseId, pauses, operatorPauses);
    if (waitSeconds > 0) {
      await queue.send(encodePauseMessage(message), waitSeconds);
      return;
    }
    if (!(await source.isEnabled())) {
      await source.enable();
      metrics.count('Resumed');
      logger.info('Processing resumed', { pauseId });
    }
    if (pauseId !== undefined) await source.removePause(pauseId);
  }

  /** How long other pauses last. A pause of an operator enables the source by a message of its own, usually earlier. */
  #secondsToWait(
    pauseId: string | undefined,
    pauses: ReadonlyMap<string, number>,
    operatorPauses: ReadonlySet<number>,
  ): number {
    if (operatorPauses.size > 0) return LAST_WAIT_SECONDS;
    const others = [...pauses].flatMap(([id, until]) => (id === pauseId ? [] : [until]));
    return Math.min(secondsLeftOf(others, this.#ports.now()), PAUSE_MAX_SECONDS);
  }
}
