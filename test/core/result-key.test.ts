import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resultKey } from '../../lib/core/result-key.ts';
import { PREFIX_MAX_LENGTH } from '../../lib/core/settings.ts';

const identities = fc.record({
  id: fc.string({ minLength: 1, maxLength: 256, unit: 'binary' }),
  issuer: fc.string({ maxLength: 50, unit: 'binary' }),
  tenant: fc.option(fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }), { nil: undefined }),
});

test.each([
  [{ id: 'r-1', issuer: '' }, 'results/r-1/c0085bf5e543c7e82e38327604d44c75'],
  [{ id: 'a/b ü', issuer: '/orders' }, 'results/a-b-/2f76bb16d95a3ce3e2c3872998014fff'],
])('the key of %j stays what it is', (identity, key) => {
  expect(resultKey('results/', identity)).toBe(key);
});

test('whatever the id, the key is safe to use and fits S3', () => {
  const prefix = `${'p'.repeat(PREFIX_MAX_LENGTH - 1)}/`;
  fc.assert(
    fc.property(identities, (identity) => {
      const key = resultKey(prefix, identity);
      expect(key.slice(prefix.length)).toMatch(/^[A-Za-z0-9._-]{1,64}\/[0-9a-f]{32}$/);
      expect(Buffer.byteLength(key)).toBeLessThanOrEqual(1_024);
    }),
  );
});

test('different requests have different keys', () => {
  fc.assert(
    fc.property(identities, identities, (one, other) => {
      const same = one.id === other.id && one.issuer === other.issuer;
      expect(resultKey('results/', one) === resultKey('results/', other)).toBe(same);
    }),
  );
});
