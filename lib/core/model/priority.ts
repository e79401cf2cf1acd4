import { quote } from '../base/quote.ts';

/** How urgent a request is, from the most urgent on. */
export const PRIORITIES = ['high', 'normal', 'low'] as const;

/** How urgent a request is. */
export type Priority = (typeof PRIORITIES)[number];

/** The priority of a request whose sender states none. */
export const DEFAULT_PRIORITY = 'normal' satisfies Priority;

/** How many of ten requests are of each priority while requests of all three wait. */
export const LANE_WEIGHTS: Readonly<Record<Priority, number>> = { high: 6, normal: 3, low: 1 };

/** Whether a text is a priority. */
export function isPriority(text: string): text is Priority {
  return PRIORITIES.some((priority) => priority === text);
}

/** What is wrong with a priority; undefined if it is one. */
export function priorityProblem(text: string): string | undefined {
  return isPriority(text) ? undefined : `must be one of ${PRIORITIES.join(', ')}, got ${quote(text)}`;
}

/** How urgent a priority is, as a number: more is more urgent. */
export function urgencyOf(priority: Priority = DEFAULT_PRIORITY): number {
  return PRIORITIES.length - PRIORITIES.indexOf(priority);
}

/**
 * What is wrong with the priority of a request for a queue; undefined if it can have it.
 * @param priorities those that the queue has lanes for
 */
export function laneProblem(
  priority: Priority = DEFAULT_PRIORITY,
  priorities: readonly Priority[] = [DEFAULT_PRIORITY],
): string | undefined {
  if (priorities.includes(priority)) return undefined;
  return `priority must be ${priorities.join(' or ')} here, got ${priority}`;
}

/** One of something for each priority. */
export function eachPriority<Value>(of: (priority: Priority) => Value): Record<Priority, Value> {
  return { high: of('high'), normal: of('normal'), low: of('low') };
}
