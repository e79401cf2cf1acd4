import type { NotedPause } from './telemetry.ts';

/** Of pauses, which all stop everything, the one that ends last. */
export function latestPause(...pauses: readonly (NotedPause | undefined)[]): NotedPause | undefined {
  const known = pauses.filter((pause) => pause !== undefined);
  return known.toSorted((a, b) => b.until - a.until)[0];
}
