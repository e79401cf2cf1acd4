import type { QueueMessage } from '../model/received-message.ts';
import { deliveryCountOf } from './job.ts';
import type { Sequence } from './ordering.ts';

/** The sequences of a batch, split by whether their first messages may have crashed the process before. */
export interface Triage<Message extends QueueMessage> {
  readonly sound: readonly Sequence<Message>[];
  /** They must run one at a time, in this order. */
  readonly suspect: readonly Sequence<Message>[];
}

/**
 * Finds the sequences whose first message may have crashed a process in its last attempt: it was delivered before, so long
 * ago that it came back by the visibility timeout, not by a retry of the engine.
 *
 * When a handler crashes the process, all messages of its batch come back, including the poison message that caused the
 * crash. If they ran together again, they would all end in the dead-letter queue. They run one at a time instead, each
 * acknowledged when it is done, so the poison message only takes down the messages after it. The order changes with
 * every delivery, so those run before it the next time. One poison message costs the others two deliveries, three cost
 * them four, and only the poison messages are dead-lettered.
 *
 * Messages of a sequence come back together, so only the first one is looked at.
 *
 * A message that was throttled by Lambda, or waited long for another reason, is also a suspect. It then runs alone,
 * with a quarter of the time.
 */
export function triage<Message extends QueueMessage>(
  sequences: readonly Sequence<Message>[],
  visibilityTimeoutSeconds: number,
  now: number,
): Triage<Message> {
  if (sequences.flat().length < 2) return { sound: sequences, suspect: [] };
  const isSuspect = ([first]: Sequence<Message>) =>
    deliveryCountOf(first) > 1 && now - (first.firstDeliveredAt ?? now) >= visibilityTimeoutSeconds * 1000;
  const suspect = inTurn(sequences.filter(isSuspect));
  return { sound: sequences.filter((sequence) => !isSuspect(sequence)), suspect };
}

/**
 * Orders suspects by id, and in reverse at the next delivery. A message that has still not run is between two poison
 * messages, the first and the last. So the first one moves to the end for the next two deliveries, and so on.
 */
function inTurn<Message extends QueueMessage>(suspect: readonly Sequence<Message>[]): Sequence<Message>[] {
  const row = suspect.toSorted(([a], [b]) => (a.id < b.id ? -1 : 1));
  const turn = Math.max(0, ...suspect.map(([first]) => deliveryCountOf(first) - 2));
  if (turn % 2 === 1) row.reverse();
  const skipped = Math.floor(turn / 2) % Math.max(1, row.length);
  return [...row.slice(skipped), ...row.slice(0, skipped)];
}
