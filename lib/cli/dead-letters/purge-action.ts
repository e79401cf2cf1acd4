import type { WalkedQueue } from '../queues.ts';
import type { DeadLetterAction, HandledDeadLetter } from './action.ts';
import type { DeadLetter } from './dead-letter.ts';
import { deleteDeadLetters } from './delete.ts';

/** Deletes dead letters. */
export class PurgeAction implements DeadLetterAction {
  readonly #queue: WalkedQueue;

  constructor(queue: WalkedQueue) {
    this.#queue = queue;
  }

  preview(): 'deleted' {
    return 'deleted';
  }

  async *run(letters: readonly DeadLetter[]): AsyncGenerator<HandledDeadLetter, void> {
    yield* await deleteDeadLetters(this.#queue, letters, 'deleted');
  }
}
