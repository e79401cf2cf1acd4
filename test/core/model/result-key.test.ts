import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PREFIX_MAX_LENGTH } from '../../../lib/core/config/settings.ts';
import { keyOfResult } from '../../../lib/core/model/result-key.ts';

const identities = fc.record({
  id: fc.string({ minLength: 1, maxLength: 256, unit: 'binary' }),
  source: fc.string({ maxLength: 50, unit: 'binary' }),
  tenant: fc.option(fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }), { nil: undefined }),
});

test.each([
  [{ id: 'r-1', source: '' }, 'results/r-1/20db4f8749cc2d12a84f47efbba621ff'],
  [{ id: 'a/b ü', source: '/orders' }, 'results/a-b-/9b54b58412a3df0895c8f1252868e3c4'],
  [{ id: '..', source: '' }, 'results/-/6670666f62d92b88525078de3efcfa74'],
])('the key of %j stays what it is', (identity, key) => {
  expect(keyOfResult('results/', identity, 1_769_860_800_000)).toBe(key);
});

test('whatever the id, the key is safe to use and fits S3', () => {
  const prefix = `${'p'.repeat(PREFIX_MAX_LENGTH - 1)}/`;
  fc.assert(
    fc.property(identities, (identity) => {
      const key = keyOfResult(prefix, identity, 0);
      expect(key.slice(prefix.length)).toMatch(/^[A-Za-z0-9._-]{1,64}\/[0-9a-f]{32}$/);
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
    }),
  );
});

test('different requests have different keys', () => {
  fc.assert(
    fc.property(identities, identities, (one, other) => {
      const same = one.id === other.id && one.source === other.source;
      expect(keyOfResult('results/', one, 5) === keyOfResult('results/', other, 5)).toBe(same);
    }),
  );
});

test('B2: a request whose record came later has another key, whatever its id', () => {
  const identity = { id: 'r-1', source: '' };
  expect(keyOfResult('results/', identity, 5)).not.toBe(keyOfResult('results/', identity, 6));
});
