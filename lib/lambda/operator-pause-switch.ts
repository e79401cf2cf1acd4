import { backoffBound } from '../core/base/backoff.ts';
import { serializeError } from '../core/base/serialize-error.ts';
import { ACK, type Disposition } from '../core/model/disposition.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import type {
  DelayQueue,
  DisableReasons,
  EventSource,
  OperatorPause,
  OperatorPauses,
} from '../core/ports/pausing.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import {
  decodePauseMessage,
  encodePauseMessage,
  type OperatorPauseChanged,
  type OperatorPauseOver,
  PAUSE_MAX_SECONDS,
  type PauseMessage,
} from '../core/wire/pause-message.ts';
import {
  assertPrompt,
  FIRST_WAIT_SECONDS,
  LAST_WAIT_SECONDS,
  LONGEST_CHANGE_SECONDS,
  secondsLeftOf,
} from './event-source-changes.ts';

/** The ports of an {@link OperatorPauseSwitch}. */
export interface OperatorPauseSwitchPorts {
  readonly sources: readonly EventSource[];
  readonly pauses: Pick<OperatorPauses, 'read'>;
  /** The queue of its own messages. */
  readonly queue: DelayQueue;
  readonly now: () => number;
  readonly logger: Logger;
}

/**
 * Disables and enables event sources as the pause of an operator requires, whenever a message asks for it. While the pause
 * lasts, it sends itself the next message, at most a quarter of an hour later, before it disables anything: so the sources are
 * enabled at the end of the pause, and messages that come twice, late or in another order do no harm.
 *
 * When a pause is over, the sources are enabled at once, but the pause stays noted on them for half a minute, until every
 * message that found it in effect has been handled. As with {@link Breaker}, only the last message of a pause removes it,
 * after it has seen the source enabled, or a later pause that took over.
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
      if (message.type === 'operator-pause-over') await this.#forget(message);
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
    const begunAt = now();
    const pause = await pauses.read();
    const secondsLeft = pause ? secondsLeftOf([pause.until], begunAt) : 0;
    // The messages of an earlier pause end with it.
    if (!pause || secondsLeft === 0) return this.#endAll();
    if (message.since !== pause.since) return this.#endAll(pause);
    await this.#send(message, Math.max(secondsLeft, LONGEST_CHANGE_SECONDS));
    const contended = await Promise.all(sources.map((source) => this.#hold(source, pause, begunAt)));
    const nextSeconds = Math.min(secondsLeft, LONGEST_CHANGE_SECONDS);
    if (nextSeconds < LONGEST_CHANGE_SECONDS || contended.includes(true))
      await this.#send(message, nextSeconds);
  }

  /**
   * Disables a source, unless a person has disabled it. A source that the breaker has disabled stays disabled when the
   * breaker's pause ends.
   * @returns whether the breaker may be about to enable it, because it saw the source before this pause was noted
   */
  async #hold(source: EventSource, { since, reason }: OperatorPause, begunAt: number): Promise<boolean> {
    const before = await source.reasons();
    if (!before.operatorPauses.has(since)) {
      const isOffByHand = isEmpty(before) && !(await source.isEnabled()) && isEmpty(await source.reasons());
      if (isOffByHand) return false;
      await source.addOperatorPause(since);
    }
    const isContended = before.pauses.size > 0 && !before.operatorPauses.has(since);
    // The breaker may have enabled it meanwhile.
    if (!(await source.isEnabled())) return isContended;
    assertPrompt(begunAt, this.#ports.now());
    await source.disable();
    this.#ports.logger.warn('Processing paused for an operator', { reason });
    return isContended;
  }

  /** Enables the sources if no pause lasts. @param lasting the pause of an operator in effect */
  async #endAll(lasting?: OperatorPause): Promise<void> {
    const { sources } = this.#ports;
    const over = await Promise.all(sources.map((source) => this.#endedOn(source, lasting)));
    for (const since of new Set(over.flat()))
      await this.#send({ type: 'operator-pause-over', since }, LONGEST_CHANGE_SECONDS);
    if (lasting) return;
    const held = sources.filter((_, index) => over[index]?.length);
    await Promise.all(held.map((source) => this.#enable(source)));
  }

  async #endedOn(source: EventSource, lasting: OperatorPause | undefined): Promise<number[]> {
    const { operatorPauses } = await source.reasons();
    return [...operatorPauses].filter((since) => since !== lasting?.since);
  }

  /** Leaves a source disabled for the breaker. @returns how long, in seconds */
  async #enable(source: EventSource): Promise<number> {
    const { pauses } = await source.reasons();
    const secondsLeft = secondsLeftOf(pauses.values(), this.#ports.now());
    if (secondsLeft > 0 || (await source.isEnabled())) return secondsLeft;
    await source.enable();
    this.#ports.logger.info('Processing resumed for an operator');
    return 0;
  }

  async #forget(message: OperatorPauseOver): Promise<void> {
    const { sources, pauses, now } = this.#ports;
    const pause = await pauses.read();
    const lasting = pause && pause.until > now() ? pause : undefined;
    const waits = await Promise.all(sources.map((source) => this.#forgetOn(source, message.since, lasting)));
    const waitSeconds = Math.max(...waits);
    if (waitSeconds > 0) await this.#send(message, waitSeconds);
  }

  /** @param lasting the pause of an operator in effect @returns seconds until it can be done; 0 if it is done */
  async #forgetOn(source: EventSource, since: number, lasting: OperatorPause | undefined): Promise<number> {
    const { operatorPauses } = await source.reasons();
    if (!operatorPauses.has(since)) return 0;
    const waitSeconds = lasting ? waitFor(lasting.since) : await this.#enable(source);
    if (waitSeconds === 0) await source.removeOperatorPause(since);
    return waitSeconds;

    /** A later pause takes over once it is noted: what ends it comes later, and enables the source. */
    function waitFor(later: number): number {
      return later !== since && operatorPauses.has(later) ? 0 : LONGEST_CHANGE_SECONDS;
    }
  }

  async #send(message: PauseMessage, seconds: number): Promise<void> {
    await this.#ports.queue.send(encodePauseMessage(message), Math.min(seconds, PAUSE_MAX_SECONDS));
  }
}

function isEmpty({ pauses, operatorPauses }: DisableReasons): boolean {
  return pauses.size === 0 && operatorPauses.size === 0;
}
