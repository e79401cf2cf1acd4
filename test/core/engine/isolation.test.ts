import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { triage } from '../../../lib/core/engine/isolation.ts';
import { delivery } from '../../support/delivery.ts';

const NOW = 1_000_000;
const VISIBILITY_SECONDS = 360;

function received(id: string, attempt: number, secondsAgo: number) {
  return delivery('', { id, deliveryCount: attempt, firstDeliveredAt: NOW - secondsAgo * 1000 });
}

type Delivery = ReturnType<typeof received>;

function triaged(...deliveries: Delivery[]) {
  return triagedSequences(...deliveries.map((one) => [one] as const));
}

function triagedSequences(...sequences: (readonly [Delivery, ...Delivery[]])[]) {
  const { sound, suspect } = triage(sequences, VISIBILITY_SECONDS, NOW);
  return { sound: sound.flat().map(({ id }) => id), suspect: suspect.flat().map(({ id }) => id) };
}

const SOUND = received('sound', 1, 0);

test.each([
  ['its first delivery', 1, 10_000, false],
  ['a retry after seconds', 2, 30, false],
  ['a retry just before the visibility timeout', 4, 359, false],
  ['a delivery by the visibility timeout', 2, 360, true],
  ['a late one', 5, 10_000, true],
])(
  '%s makes a message suspect: attempt %i, first delivered %i s ago: %s',
  (_, attempt, secondsAgo, isSuspect) => {
    const { suspect } = triaged(SOUND, received('a', attempt, secondsAgo));
    expect(suspect).toEqual(isSuspect ? ['a'] : []);
  },
);

test('a message alone needs no isolation', () => {
  expect(triaged(received('a', 3, 1_000))).toEqual({ sound: ['a'], suspect: [] });
});

describe('a sequence', () => {
  test('is suspect by its first message, and keeps its order', () => {
    const suspect = [received('b', 2, 400), received('a', 1, 0)] as const;
    const sound = [received('c', 1, 0), received('d', 2, 400)] as const;
    expect(triagedSequences(sound, suspect)).toEqual({ sound: ['c', 'd'], suspect: ['b', 'a'] });
  });

  test('alone is suspect too, since each of its messages may crash the process', () => {
    const sequence = [received('b', 2, 400), received('a', 2, 400)] as const;
    expect(triagedSequences(sequence)).toEqual({ sound: [], suspect: ['b', 'a'] });
  });
});

describe('the order of suspects', () => {
  const at = (attempt: number) => ['b', 'c', 'a'].map((id) => received(id, attempt, 10_000));

  test('is another at every delivery', () => {
    expect(triaged(...at(2)).suspect).toEqual(['a', 'b', 'c']);
    expect(triaged(...at(3)).suspect).toEqual(['c', 'b', 'a']);
    expect(triaged(...at(4)).suspect).toEqual(['b', 'c', 'a']);
    expect(triaged(...at(5)).suspect).toEqual(['b', 'a', 'c']);
    expect(triaged(...at(8)).suspect).toEqual(['a', 'b', 'c']);
  });

  test('is one for all, by the message delivered most often', () => {
    const mixed = [received('a', 2, 10_000), received('b', 3, 10_000), received('c', 2, 10_000)];
    expect(triaged(...mixed).suspect).toEqual(['c', 'b', 'a']);
  });
});

test('no message is lost or doubled', () => {
  const deliveries = fc.uniqueArray(
    fc.record({
      id: fc.string({ minLength: 1 }),
      attempt: fc.integer({ min: 1, max: 10 }),
      firstDeliveredAt: fc.integer({ min: 0, max: NOW }),
    }),
    { selector: ({ id }) => id },
  );
  fc.assert(
    fc.property(deliveries, (given) => {
      const all = given.map((one) => [delivery('', one)] as const);
      const { sound, suspect } = triage(all, VISIBILITY_SECONDS, NOW);
      expect(new Set([...sound, ...suspect])).toEqual(new Set(all));
      expect(sound.length + suspect.length).toBe(all.length);
    }),
  );
});
