import { whenAborted } from '../core/base/when-aborted.ts';
import { Deadline } from '../core/engine/deadline.ts';
import { type RehearsalParts, rehearse } from '../core/engine/rehearsal.ts';
import type { Rehearsal } from '../core/model/rehearsal.ts';
import { MessageTable } from '../stores/sqlite/message-table.ts';
import { QUEUES, type Storage } from './storage.ts';

/** Dead letters that are read at a time. */
const PAGE = 100;

/**
 * Rehearses all messages of the dead-letter queue, and leaves them as they are.
 * @param options.stop starts no more handlers, and gives those that run the grace time
 * @throws the reason of the signal
 */
export async function rehearseDeadLetters(
  storage: Storage,
  parts: Omit<RehearsalParts, 'source'>,
  { graceSeconds, stop }: { readonly graceSeconds: number; readonly stop: AbortSignal },
): Promise<readonly Rehearsal[]> {
  const { clock, file } = storage;
  const source = storage.input(QUEUES.requests).capabilities;
  using deadline = new Deadline(clock.now(), Number.POSITIVE_INFINITY);
  using watched = new DisposableStack();
  watched.defer(whenAborted(stop, () => deadline.drain(clock.now() + graceSeconds * 1000, clock.now())));
  const found: Rehearsal[] = [];
  for (const messages of new MessageTable(file, QUEUES.deadLetters).pages(PAGE)) {
    const rehearsed = await rehearse(messages, { ...parts, source }, deadline);
    stop.throwIfAborted();
    found.push(...rehearsed.flatMap(({ requests = [] }) => requests));
  }
  return found;
}
