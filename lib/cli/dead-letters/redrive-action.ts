import { attributesToPutBack, type DeadLetter, decideLetter } from '../../aws/dead-letter.ts';
import { batchesOf } from '../../aws/sqs-sender.ts';
import type { RedriveDecision } from '../../core/model/redrive.ts';
import { identityDigest } from '../../core/model/request-id.ts';
import type { RefilledQueue, WalkedQueue } from '../queues.ts';
import type { TokenBucket } from '../token-bucket.ts';
import type { DeadLetterAction, HandledDeadLetter } from './action.ts';
import { deleteDeadLetters } from './delete.ts';

/** What {@link RedriveAction} works with. */
export interface RedriveTools {
  readonly queue: WalkedQueue;
  readonly input: RefilledQueue;
  readonly bucket: TokenBucket;
}

/**
 * Puts dead letters back into the input queue, each request at most once. Otherwise a request that fails again would
 * cycle for as long as the walk lasts.
 */
export class RedriveAction implements DeadLetterAction {
  readonly #tools: RedriveTools;
  /** The redrive that each request was put back for, by digest, because dead letters may be large. */
  readonly #putBack = new Map<string, number | undefined>();

  constructor(tools: RedriveTools) {
    this.#tools = tools;
  }

  preview(letter: DeadLetter): RedriveDecision {
    return decideLetter(letter);
  }

  /**
   * Sends each dead letter before deleting it. If the program ends in between, a harmless dead letter remains of a
   * request that was put back.
   */
  async *run(letters: readonly DeadLetter[], signal: AbortSignal): AsyncGenerator<HandledDeadLetter, void> {
    const due: DeadLetter[] = [];
    const settled: DeadLetter[] = [];
    for (const letter of letters) {
      const decision = decideLetter(letter);
      if (decision === 'settled') settled.push(letter);
      else if (decision === 'limit_reached') yield { letter, result: decision };
      else if (this.#isDuplicate(letter)) settled.push(letter);
      else if (this.#isPutBack(letter)) yield { letter, result: 'put_back_already' };
      else {
        this.#remember(letter);
        due.push(letter);
      }
    }
    if (settled.length > 0) yield* await deleteDeadLetters(this.#tools.queue, settled, 'settled');
    while (due.length > 0) yield* this.#putBackSome(due.splice(0, this.#tools.bucket.capacity), signal);
  }

  async *#putBackSome(
    letters: readonly DeadLetter[],
    signal: AbortSignal,
  ): AsyncGenerator<HandledDeadLetter, void> {
    const { queue, input, bucket } = this.#tools;
    await bucket.take(letters.length, signal);
    const messages = letters.map((letter) => {
      const { body, groupId } = letter.message;
      return { letter, body, groupId, attributes: attributesToPutBack(letter) };
    });
    for (const batch of batchesOf(messages)) {
      const failures = await input.sendBatch(batch);
      const sent = batch.filter((_, index) => !failures[index]).map(({ letter }) => letter);
      if (sent.length > 0) yield* await deleteDeadLetters(queue, sent, 'put_back');
      for (const [index, { letter }] of batch.entries()) {
        const failure = failures[index];
        if (failure) yield { letter, result: 'failed', problem: failure.reason };
      }
    }
  }

  /** Only one of several dead letters for the same redrive is put back. */
  #isDuplicate(letter: DeadLetter): boolean {
    const { redrive } = letter;
    return (
      redrive !== undefined && digestsOf(letter).every((digest) => this.#putBack.get(digest) === redrive)
    );
  }

  #isPutBack(letter: DeadLetter): boolean {
    return digestsOf(letter).some((digest) => this.#putBack.has(digest));
  }

  #remember(letter: DeadLetter): void {
    for (const digest of digestsOf(letter)) this.#putBack.set(digest, letter.redrive);
  }
}

function digestsOf({ requests }: DeadLetter): string[] {
  return requests.map(({ described }) => identityDigest('record', described));
}
