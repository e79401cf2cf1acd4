import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { DeadLetterAction, HandledDeadLetter } from './action.ts';
import type { DeadLetter } from './dead-letter.ts';
import { deleteDeadLetters } from './delete.ts';

/** Deletes dead letters. */
export class PurgeAction implements DeadLetterAction {
  readonly #queue: DeadLetterQueue;

  constructor(queue: DeadLetterQueue) {
    this.#queue = queue;
  }

  preview(): 'deleted' {
    return 'deleted';
  }

  async *run(letters: readonly DeadLetter[]): AsyncGenerator<HandledDeadLetter, void> {
    yield* await deleteDeadLetters(this.#queue, letters, 'deleted');
  }
}
