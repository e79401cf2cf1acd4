import { forwardedMessage } from '../core/wire/forwarded-message.ts';
import { QUEUES, type Storage } from './storage.ts';

/** Messages that another process takes first are waited for no longer than that. */
const RECEIVE_MILLISECONDS = 1_000;

/** Messages that are received at a time. */
const MAX_MESSAGES = 100;

/** Puts all messages of the dead-letter queue back into the queues of requests. @returns how many */
export async function redriveDeadLetters(storage: Storage): Promise<number> {
  const letters = storage.input(QUEUES.deadLetters);
  let count = 0;
  while ((await letters.read()).waiting > 0) {
    const messages = await letters.receive(MAX_MESSAGES, AbortSignal.timeout(RECEIVE_MILLISECONDS));
    for (const message of messages) {
      const [result] = await storage.output(storage.laneOf(message)).send([forwardedMessage(message)]);
      if (!result?.sent) throw new Error(`A dead letter can't be put back: ${result?.reason}`);
      await message.ack();
      count++;
    }
  }
  return count;
}
