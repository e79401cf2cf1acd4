import type { Delivery } from './delivery.ts';
import type { Task } from './task.ts';

/**
 * What became of a request or a message: done, or the seconds after which it is to be delivered again, or given up:
 * delivered again at once, without being run, until SQS has counted enough receives to move it, since only messages that
 * SQS moved itself can be put back by SQS itself.
 */
export type Fate = 'done' | 'given_up' | number;

/** Not begun: back to the queue at once. */
export const UNTOUCHED: Fate = 0;

/** A delivery is as far as the least advanced of its requests. One without a request is done. */
export function fatesByDelivery(
  deliveries: readonly Delivery[],
  tasks: readonly Task[],
  fates: readonly Fate[],
): Map<Delivery, Fate> {
  const byDelivery = new Map<Delivery, Fate>(deliveries.map((delivery) => [delivery, 'done']));
  for (const [index, task] of tasks.entries()) {
    for (const delivery of task.deliveries) {
      byDelivery.set(delivery, lesser(byDelivery.get(delivery) ?? 'done', fates[index] ?? UNTOUCHED));
    }
  }
  return byDelivery;
}

/** How far the least advanced of several requests is. */
export function leastAdvanced(fates: readonly Fate[]): Fate {
  return fates.reduce(lesser, 'done');
}

function lesser(one: Fate, other: Fate): Fate {
  return distance(one) >= distance(other) ? one : other;
}

/** How far from its end a message is. */
function distance(fate: Fate): number {
  if (fate === 'done') return -2;
  return fate === 'given_up' ? -1 : fate;
}
