import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isPosition, positionOf } from '../../../lib/core/model/record-position.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

describe('the position of a record', () => {
  /** The digits are the start of `printf '["record","","r-1"]' | sha256sum`, and so on. */
  test.each([
    [{ id: 'r-1', source: '' }, '2026-01-31T12:00:00.000Z#59c4d901323f07907c28861e09336788'],
    [{ id: 'r-1', source: '', tenant: 'acme' }, '2026-01-31T12:00:00.000Z#962b7050bcfd4e366bbf973154bd67e2'],
  ])('of %j is stable across versions', (request, position) => {
    expect(positionOf({ request, createdAt: NOON })).toBe(position);
  });

  const records = fc.record({
    request: fc.record(
      { id: fc.string(), source: fc.string(), tenant: fc.string() },
      { requiredKeys: ['id', 'source'] },
    ),
    createdAt: fc.oneof(fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }), fc.constantFrom(NOON, NOON + 1)),
  });

  it('sorts by creation time, and is unique to its record', () => {
    fc.assert(
      fc.property(records, records, (one, other) => {
        const [first, second] = [positionOf(one), positionOf(other)];
        if (one.createdAt !== other.createdAt) {
          expect(first < second).toBe(one.createdAt < other.createdAt);
        } else {
          expect(first === second).toBe(JSON.stringify(one) === JSON.stringify(other));
        }
      }),
    );
  });

  it('distinguishes records created at the same time', () => {
    const positions = ['r-1', 'r-2', 'r-3'].map((id) =>
      positionOf({ request: { id, source: '' }, createdAt: NOON }),
    );
    expect(new Set(positions).size).toBe(3);
  });

  it('is recognized as a position', () => {
    fc.assert(fc.property(records, (record) => isPosition(positionOf(record))));
  });
});

describe('an invalid position', () => {
  const position = positionOf({ request: { id: 'r-1', source: '' }, createdAt: NOON });

  test.each([
    '',
    '~',
    position.slice(1),
    position.slice(0, -1),
    `${position}0`,
    ` ${position}`,
    `${position}\n`,
    position.toUpperCase(),
    position.replace('#', '/'),
    position.replace('Z', '+00:00'),
  ])('is %j', (text) => {
    expect(isPosition(text)).toBe(false);
  });
});
