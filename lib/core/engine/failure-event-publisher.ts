import { requestFields } from '../base/log-fields.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import { eventTypeOf } from '../model/event-names.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BusEvent, EventBus } from '../ports/message-sink.ts';
import type { Logger } from '../ports/telemetry.ts';
import { BatchPublisher } from '../wire/batch-publisher.ts';
import { encodeCloudEvent } from '../wire/encode-cloudevent.ts';

/** The other dependencies of a {@link FailureEventPublisher}. */
export interface FailureEventTools {
  readonly serviceName: string;
  readonly random: () => number;
  readonly logger: Logger;
}

/**
 * Sends published outcomes other than successes to an event bus. Best effort: an event that can't be sent is logged and
 * dropped, since the output queue has the outcome.
 */
export class FailureEventPublisher {
  readonly #publisher: BatchPublisher<BusEvent>;
  readonly #tools: FailureEventTools;
  #pending: Promise<void>[] = [];

  constructor(bus: EventBus, tools: FailureEventTools) {
    this.#publisher = new BatchPublisher(bus, tools.random, () => true);
    this.#tools = tools;
  }

  /** Sends the event of an outcome, together with others. Ignores successes. */
  add(outcome: Outcome): void {
    if (outcome.status !== 'succeeded') this.#pending.push(this.#send(outcome));
  }

  /**
   * Waits until all added events are sent or dropped. Never rejects.
   * @param closing fires when there is no time left to wait for a response
   */
  async flush(closing: AbortSignal): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    this.#publisher.flush();
    await unlessAborted(Promise.all(pending), closing, () => {
      this.#tools.logger.warn("The event bus didn't respond before the deadline", { events: pending.length });
      return [];
    });
  }

  async #send(outcome: Outcome): Promise<void> {
    const { serviceName, logger } = this.#tools;
    const publication = await this.#publisher.publish({
      type: eventTypeOf(outcome),
      json: encodeCloudEvent(outcome, serviceName).body,
      time: outcome.endedAt,
    });
    if (publication.published) return;
    const about = requestFields({ ...outcome.request, traceparent: outcome.traceparent });
    logger.warn('An event could not be sent to the event bus', { ...about, reason: publication.reason });
  }
}
