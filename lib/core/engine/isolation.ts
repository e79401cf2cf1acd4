import type { QueueMessage } from '../model/received-message.ts';

/** A batch, told apart by whether a message may have killed the process before. */
export interface Triage<Message> {
  readonly sound: readonly Message[];
  /** In the order they are to be run, one at a time. */
  readonly suspect: readonly Message[];
}

/**
 * Finds the messages whose last attempt may have ended in a crash: they were delivered before, and so long ago that
 * they came back by the visibility timeout and not by a retry the engine had set.
 *
 * When a handler kills the process, all messages of its batch come back, the guilty among them. Run together again,
 * they would all end in the dead-letter queue. Run one at a time, each acknowledged when it is done, the guilty one
 * takes down only those behind it; and since the order is another at every delivery, those behind it are before it the
 * next time. So a poison message costs its companions two deliveries, three of them four, and only they are
 * dead-lettered.
 *
 * A message that merely waited long in a backlog, or was put off by Lambda, is taken for a suspect too. That costs it
 * company and a quarter of the time.
 */
export function triage<Message extends QueueMessage>(
  deliveries: readonly Message[],
  visibilityTimeoutSeconds: number,
  now: number,
): Triage<Message> {
  if (deliveries.length < 2) return { sound: deliveries, suspect: [] };
  const isSuspect = ({ deliveryCount = 1, firstDeliveredAt = now }: QueueMessage) =>
    deliveryCount > 1 && now - firstDeliveredAt >= visibilityTimeoutSeconds * 1000;
  const suspect = inTurn(deliveries.filter(isSuspect));
  return { sound: deliveries.filter((delivery) => !isSuspect(delivery)), suspect };
}

/**
 * By id, then the other way round: whoever is left then stands between two poison messages, the first and the last.
 * So the next two times the first of the row goes to its end, and so on.
 */
function inTurn<Message extends QueueMessage>(suspect: readonly Message[]): Message[] {
  const row = suspect.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const turn = Math.max(0, ...suspect.map(({ deliveryCount = 1 }) => deliveryCount - 2));
  if (turn % 2 === 1) row.reverse();
  const skipped = Math.floor(turn / 2) % Math.max(1, row.length);
  return [...row.slice(skipped), ...row.slice(0, skipped)];
}
