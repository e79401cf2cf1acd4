import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { Chore, Dealt } from './chore.ts';
import type { DeadLetter } from './dead-letter.ts';
import { deleteLetters } from './delete-letters.ts';

/** Deletes letters. */
export class Purging implements Chore {
  readonly #queue: DeadLetterQueue;

  constructor(queue: DeadLetterQueue) {
    this.#queue = queue;
  }

  foresee(): 'deleted' {
    return 'deleted';
  }

  async *deal(letters: readonly DeadLetter[]): AsyncGenerator<Dealt, void> {
    yield* await deleteLetters(this.#queue, letters, 'deleted');
  }
}
