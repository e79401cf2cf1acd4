import type { DeadLetter } from '../../aws/dead-letter.ts';
import type { WalkedQueue } from '../queues.ts';
import type { DeadLetterAction, HandledDeadLetter } from './action.ts';
import { deleteDeadLetters } from './delete.ts';
import type { DeadLetterService } from './service.ts';

/** Deletes dead letters. */
export class PurgeAction implements DeadLetterAction {
  readonly #queue: WalkedQueue;
  readonly #noteDiscarded: DeadLetterService['noteDiscarded'];

  /** @param noteDiscarded notes what is about to be deleted. @default - nothing does */
  constructor(queue: WalkedQueue, noteDiscarded?: DeadLetterService['noteDiscarded']) {
    this.#queue = queue;
    this.#noteDiscarded = noteDiscarded;
  }

  preview(): 'deleted' {
    return 'deleted';
  }

  async *run(letters: readonly DeadLetter[]): AsyncGenerator<HandledDeadLetter, void> {
    await this.#noteDiscarded?.(letters);
    yield* await deleteDeadLetters(this.#queue, letters, 'deleted');
  }
}
