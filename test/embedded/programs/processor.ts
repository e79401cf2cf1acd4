import { setTimeout as sleep } from 'node:timers/promises';
import { PermanentError, processor } from 'coatcheck';

interface Order {
  readonly number: number;
  /** How long it takes, in milliseconds. */
  readonly wait?: number;
  readonly fail?: 'now' | 'always';
}

/** Doubles a number. */
export const handler = processor(async (request) => {
  const { number, wait = 0, fail } = (await request.json()) as Order;
  if (fail === 'now') throw new PermanentError('No such order', { code: 'order_unknown' });
  if (fail === 'always') throw new Error('always');
  await sleep(wait, undefined, { signal: request.signal });
  return { double: 2 * number };
});
