import type { Delivery } from './delivery.ts';

/** A batch, told apart by whether a message may have killed the process before. */
export interface Triage {
  readonly sound: readonly Delivery[];
  /** In the order they are to be run, one at a time. */
  readonly suspect: readonly Delivery[];
}

/**
 * Finds the messages whose last attempt may have ended in a crash: they were delivered before, and so long ago that
 * they came back by the visibility timeout and not by a retry the engine had set.
 *
 * When a handler kills the process, all messages of its batch come back, the guilty among them. Run together again,
 * they would all end in the dead-letter queue. Run one at a time, each acknowledged when it is done, the guilty one
 * takes down only those behind it; and since the order is turned round at every delivery, those behind it were before
 * it the next time. So a single poison message costs its companions two deliveries, and only it is dead-lettered.
 *
 * A retry that merely waited long in a backlog is taken for a suspect too. That costs it company, nothing else.
 */
export function triage(
  deliveries: readonly Delivery[],
  visibilityTimeoutSeconds: number,
  now: number,
): Triage {
  if (deliveries.length < 2) return { sound: deliveries, suspect: [] };
  const isSuspect = ({ attempt, firstDeliveredAt }: Delivery) =>
    attempt > 1 && now - firstDeliveredAt >= visibilityTimeoutSeconds * 1000;
  const suspect = deliveries.filter(isSuspect).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const latestAttempt = Math.max(0, ...suspect.map(({ attempt }) => attempt));
  if (latestAttempt % 2 === 1) suspect.reverse();
  return { sound: deliveries.filter((delivery) => !isSuspect(delivery)), suspect };
}
