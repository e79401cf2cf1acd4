import type { DelayQueue, OperatorPause, OperatorPauses } from '../core/ports/pausing.ts';
import { encodePauseMessage } from '../core/wire/pause-message.ts';

/** Longest time that a call may take after its first message: longer than the function of the API runs. */
const CALL_SECONDS = 30;

/**
 * The pause of an operator in a deployment, where a function switches the event sources off and on. The function reads the stored
 * pause, so neither the order of its messages nor their number matters. The first one is sent before the write and delivered
 * after the call: so a message follows the write even if the call is killed.
 */
export class SwitchedOperatorPauses implements OperatorPauses {
  readonly #store: OperatorPauses;
  readonly #queue: DelayQueue;

  /** @param queue that of the function */
  constructor(store: OperatorPauses, queue: DelayQueue) {
    this.#store = store;
    this.#queue = queue;
  }

  read(): Promise<OperatorPause | undefined> {
    return this.#store.read();
  }

  async write(pause: OperatorPause | undefined): Promise<OperatorPause | undefined> {
    const message = encodePauseMessage({
      type: 'operator-pause',
      ...(pause && { since: pause.since }),
    });
    await this.#queue.send(message, CALL_SECONDS);
    const before = await this.#store.write(pause);
    await this.#queue.send(message, 0);
    return before;
  }
}
