/** The variable that makes benchmarks as short as they can be. */
export const SHORTEST = 'COATCHECK_BENCH_SHORTEST';

/**
 * How much of something a benchmark does: rounds, seconds, requests. With {@link SHORTEST} set it is run only to see that it
 * still runs; its figures mean nothing.
 */
export function lengthOf(usual: number, shortest: number): number {
  return process.env[SHORTEST] ? shortest : usual;
}
