import type { DeadLetter } from '../../aws/dead-letter.ts';
import type { WalkedQueue } from '../queues.ts';
import type { ActionResult, HandledDeadLetter } from './action.ts';

/**
 * Deletes at most ten dead letters of a walk.
 * @param result what to report for those that are deleted
 */
export async function deleteDeadLetters(
  queue: WalkedQueue,
  letters: readonly DeadLetter[],
  result: ActionResult,
): Promise<HandledDeadLetter[]> {
  const reasons = await queue.delete(letters.map(({ message }) => message));
  return letters.map((letter) => {
    const reason = reasons.get(letter.message.id);
    if (reason === undefined) return { letter, result };
    const problem = `The dead-letter queue did not delete it: ${reason}`;
    return { letter, result: result === 'put_back' ? result : 'failed', problem };
  });
}
