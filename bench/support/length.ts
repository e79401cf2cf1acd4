/** Environment variable that makes benchmarks as short as possible. */
export const SHORTEST = 'COATCHECK_BENCH_SHORTEST';

/**
 * The amount of work of a benchmark: rounds, seconds or requests. With {@link SHORTEST} set, a benchmark only checks that it
 * runs, and its figures are meaningless.
 */
export function lengthOf(usual: number, shortest: number): number {
  return process.env[SHORTEST] ? shortest : usual;
}
