import type { QueueMessage } from '../model/received-message.ts';

/** The messages of a batch, split by whether they may have crashed the process before. */
export interface Triage<Message> {
  readonly sound: readonly Message[];
  /** They must run one at a time, in this order. */
  readonly suspect: readonly Message[];
}

/**
 * Finds the messages whose last attempt may have ended in a crash: they were delivered before, so long ago that the
 * visibility timeout brought them back and not a retry that the engine set.
 *
 * When a handler crashes the process, all messages of its batch come back, including the poison message that caused the
 * crash. If they ran together again, they would all end in the dead-letter queue. They run one at a time instead, each
 * acknowledged when it is done, so the poison message only takes down the messages after it. The order changes with
 * every delivery, so those run before it the next time. One poison message costs the others two deliveries, three cost
 * them four, and only the poison messages are dead-lettered.
 *
 * A message that was throttled by Lambda, or waited long for another reason, is also a suspect. It then runs alone,
 * with a quarter of the time.
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
 * Orders suspects by id, and in reverse at the next delivery. A message that has still not run is between two poison
 * messages, the first and the last. So the first one moves to the end for the next two deliveries, and so on.
 */
function inTurn<Message extends QueueMessage>(suspect: readonly Message[]): Message[] {
  const row = suspect.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const turn = Math.max(0, ...suspect.map(({ deliveryCount = 1 }) => deliveryCount - 2));
  if (turn % 2 === 1) row.reverse();
  const skipped = Math.floor(turn / 2) % Math.max(1, row.length);
  return [...row.slice(skipped), ...row.slice(0, skipped)];
}
