import { forwardedMessage } from '../core/wire/forwarded-message.ts';
import { QUEUES, type Storage } from './storage.ts';

/** Messages that another process takes first are waited for no longer than that. */
const RECEIVE_MILLISECONDS = 1_000;

/** Puts all messages of the dead-letter queue back into the input queue. @returns how many */
export async function redriveDeadLetters(storage: Storage): Promise<number> {
  const letters = storage.input(QUEUES.deadLetters);
  const requests = storage.output(QUEUES.requests);
  let count = 0;
  while ((await letters.read()).waiting > 0) {
    const messages = await letters.receive(requests.maxMessages, AbortSignal.timeout(RECEIVE_MILLISECONDS));
    for (const message of messages) {
      const [result] = await requests.send([forwardedMessage(message)]);
      if (!result?.sent) throw new Error(`A dead letter can't be put back: ${result?.reason}`);
      await message.ack();
      count++;
    }
  }
  return count;
}
