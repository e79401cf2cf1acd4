import { seededRandom } from '../../lib/planner/random.ts';

/** What a handler does in an attempt. */
export type Behaviour =
  | 'small result'
  | 'stored result'
  | 'error'
  | 'retry later'
  | 'permanent error'
  | 'hang'
  | 'kill';

/** Behaviours per 1,000 attempts; the others return a small result. */
const PER_MILLE: readonly (readonly [Behaviour, number])[] = [
  ['stored result', 150],
  ['error', 120],
  ['retry later', 50],
  ['permanent error', 30],
  ['hang', 1],
  ['kill', 2],
];

/** Requests per 1,000 whose every attempt fails, or kills its process. */
const HOPELESS_PER_MILLE = 10;
const DEADLY_PER_MILLE = 0.3;

/** The behaviour of a handler, determined by seed, request and attempt. */
export function behaviourOf(seed: number, request: number, attempt: number): Behaviour {
  const fate = 1_000 * drawn(seed, request, 0);
  if (fate < DEADLY_PER_MILLE) return 'kill';
  if (fate < DEADLY_PER_MILLE + HOPELESS_PER_MILLE) return 'error';
  let left = 1_000 * drawn(seed, request, attempt);
  for (const [behaviour, perMille] of PER_MILLE) {
    left -= perMille;
    if (left < 0) return behaviour;
  }
  return 'small result';
}

/** A pseudo-random number from 0 (inclusive) to 1 (exclusive) for a request and a draw. */
export function drawn(seed: number, request: number, draw: number): number {
  return seededRandom(seed * 1_000_003 + request * 101 + draw)();
}
