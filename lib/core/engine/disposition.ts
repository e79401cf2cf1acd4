import type { Delivery } from '../model/received-message.ts';
import type { Task } from './job.ts';

/** What became of a request or a message: done, or the seconds after which it is to be delivered again. */
export type Fate = 'done' | number;

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
  if (one === 'done') return other;
  return other === 'done' ? one : Math.max(one, other);
}
