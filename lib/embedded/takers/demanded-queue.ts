import type { ReceivedMessage, SourceCapabilities } from '../../core/model/received-message.ts';
import type { InputQueue } from '../../core/ports/message-source.ts';

/** The takers that messages are received for. */
export interface Demand {
  /** How many more messages are wanted. */
  readonly wanted: number;
  /** Resolves when more may be wanted, or the signal fires. */
  whenWanted(signal: AbortSignal): Promise<void>;
  /** Fires when none are wanted any more; a new one afterwards. */
  readonly satisfied: AbortSignal;
  /** Called with the number of messages that were received. */
  onReceived(count: number): void;
}

/** A queue whose messages stay in it until they are wanted. */
export class DemandedQueue implements InputQueue {
  readonly capabilities: SourceCapabilities;
  readonly visibilitySeconds: number;
  readonly #queue: InputQueue;
  readonly #demand: Demand;

  constructor(queue: InputQueue, demand: Demand) {
    this.capabilities = queue.capabilities;
    this.visibilitySeconds = queue.visibilitySeconds;
    this.#queue = queue;
    this.#demand = demand;
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    while (!signal.aborted) {
      const wanted = Math.min(max, this.#demand.wanted);
      if (wanted <= 0) {
        await this.#demand.whenWanted(signal);
        continue;
      }
      const messages = await this.#queue.receive(wanted, AbortSignal.any([signal, this.#demand.satisfied]));
      this.#demand.onReceived(messages.length);
      if (messages.length > 0) return messages;
    }
    return [];
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#queue[Symbol.asyncDispose]();
  }
}
