import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { ReturnQueue } from '../../aws/sqs-return-queue.ts';
import { identityDigest } from '../../core/model/request-id.ts';
import type { TokenBucket } from '../token-bucket.ts';
import type { Chore, Dealt } from './chore.ts';
import { attributesToPutBack, type DeadLetter, type Fate, fateOf } from './dead-letter.ts';
import { deleteLetters } from './delete-letters.ts';

/** What letters are put back with. */
export interface RedriveTools {
  readonly queue: DeadLetterQueue;
  readonly input: ReturnQueue;
  readonly bucket: TokenBucket;
}

/**
 * Puts letters back into the input queue, each request at most once: one that fails again meanwhile would otherwise go
 * round as long as the queue is gone through.
 */
export class Redriving implements Chore {
  readonly #tools: RedriveTools;
  /** Which redrive each request was put back for, by its digest, since whole letters may be large. */
  readonly #putBack = new Map<string, number | undefined>();

  constructor(tools: RedriveTools) {
    this.#tools = tools;
  }

  foresee(letter: DeadLetter): Fate {
    return fateOf(letter);
  }

  /**
   * A letter is sent before it is deleted: what ends the program in between leaves a letter of a request that was put
   * back, which does no harm.
   */
  async *deal(letters: readonly DeadLetter[], signal: AbortSignal): AsyncGenerator<Dealt, void> {
    const due: DeadLetter[] = [];
    const settled: DeadLetter[] = [];
    for (const letter of letters) {
      const fate = fateOf(letter);
      if (fate === 'settled') settled.push(letter);
      else if (fate === 'limit_reached') yield { letter, result: fate };
      else if (this.#isTwin(letter)) settled.push(letter);
      else if (this.#isPutBack(letter)) yield { letter, result: 'put_back_already' };
      else {
        this.#note(letter);
        due.push(letter);
      }
    }
    if (settled.length > 0) yield* await deleteLetters(this.#tools.queue, settled, 'settled');
    while (due.length > 0) yield* this.#putBackSome(due.splice(0, this.#tools.bucket.capacity), signal);
  }

  async *#putBackSome(letters: readonly DeadLetter[], signal: AbortSignal): AsyncGenerator<Dealt, void> {
    const { queue, input, bucket } = this.#tools;
    await bucket.take(letters.length, signal);
    const messages = letters.map((letter) => {
      const { id, body, groupId } = letter.message;
      return { letter, id, body, groupId, attributes: attributesToPutBack(letter) };
    });
    for (const call of input.calls(messages)) {
      const refusals = await input.send(call);
      const sent = call.filter(({ id }) => !refusals.has(id)).map(({ letter }) => letter);
      if (sent.length > 0) yield* await deleteLetters(queue, sent, 'put_back');
      for (const { letter, id } of call) {
        const problem = refusals.get(id);
        if (problem !== undefined) yield { letter, result: 'failed', problem };
      }
    }
  }

  /** Of several letters for one redrive, one is put back. */
  #isTwin(letter: DeadLetter): boolean {
    const { redrive } = letter;
    return (
      redrive !== undefined && digestsOf(letter).every((digest) => this.#putBack.get(digest) === redrive)
    );
  }

  #isPutBack(letter: DeadLetter): boolean {
    return digestsOf(letter).some((digest) => this.#putBack.has(digest));
  }

  #note(letter: DeadLetter): void {
    for (const digest of digestsOf(letter)) this.#putBack.set(digest, letter.redrive);
  }
}

function digestsOf({ requests }: DeadLetter): string[] {
  return requests.map(({ described }) => identityDigest('record', described));
}
