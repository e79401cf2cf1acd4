import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { Dealt, Result } from './chore.ts';
import type { DeadLetter } from './dead-letter.ts';

/**
 * Deletes letters of a walk, ten at most.
 * @param result what has become of them then
 */
export async function deleteLetters(
  queue: DeadLetterQueue,
  letters: readonly DeadLetter[],
  result: Result,
): Promise<Dealt[]> {
  const refusals = await queue.delete(letters.map(({ message }) => message));
  return letters.map((letter) => {
    const refusal = refusals.get(letter.message.id);
    if (refusal === undefined) return { letter, result };
    const problem = `it stays in the dead-letter queue: ${refusal}`;
    return { letter, result: result === 'put_back' ? result : 'failed', problem };
  });
}
