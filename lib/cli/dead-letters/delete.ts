import type { DeadLetterQueue } from '../../aws/sqs-dead-letter-queue.ts';
import type { ActionResult, HandledDeadLetter } from './action.ts';
import type { DeadLetter } from './dead-letter.ts';

/**
 * Deletes at most ten dead letters of a walk.
 * @param result what to report for those that SQS deletes
 */
export async function deleteDeadLetters(
  queue: DeadLetterQueue,
  letters: readonly DeadLetter[],
  result: ActionResult,
): Promise<HandledDeadLetter[]> {
  const reasons = await queue.delete(letters.map(({ message }) => message));
  return letters.map((letter) => {
    const reason = reasons.get(letter.message.id);
    if (reason === undefined) return { letter, result };
    const problem = `SQS did not delete it from the dead-letter queue: ${reason}`;
    return { letter, result: result === 'put_back' ? result : 'failed', problem };
  });
}
