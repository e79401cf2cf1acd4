import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import type { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';

const POLL_MILLISECONDS = 2;

/** A queue in memory from which a worker takes messages. */
export class WaitingQueue implements InputQueue {
  readonly capabilities = { ...CAPABILITIES };
  readonly visibilitySeconds: number;
  /** Most messages asked for by each receive. */
  readonly receives: number[] = [];
  isReachable = true;
  isDisposed = false;
  readonly #queue: MemoryInputQueue;

  constructor(queue: MemoryInputQueue, visibilitySeconds: number) {
    this.#queue = queue;
    this.visibilitySeconds = visibilitySeconds;
  }

  async receive(max: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]> {
    this.receives.push(max);
    while (!signal.aborted) {
      if (!this.isReachable) throw new Error('no connection');
      const messages = this.#queue.receive(max);
      if (messages.length > 0) return messages;
      await sleep(POLL_MILLISECONDS);
    }
    return [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isDisposed = true;
  }
}

const CAPABILITIES = {
  maxDelaySeconds: 1_000,
  ordered: false,
  countsDeliveries: true,
  maxBytes: Number.POSITIVE_INFINITY,
};
