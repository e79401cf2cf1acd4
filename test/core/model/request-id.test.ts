import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf, identityProblem, requestIdOfUpload } from '../../../lib/core/model/request-id.ts';

/** The first half of `printf '["payloads","requests/a","v1"]' | sha256sum`, and so on. */
test.each([
  [{ bucket: 'payloads', key: 'requests/a', version: 'v1' }, 'e37494c13d7fd4b0b59e3d872785c4c8'],
  [{ bucket: 'payloads', key: 'requests/a', version: 'v2' }, 'd1b44df98b94096b1830e9660e1945db'],
  [
    { bucket: 'payloads', key: 'requests/a b/ü.csv', version: '3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY' },
    '4d61eda7e81cb20c1862d5c2a06d7f3f',
  ],
])('the id of the upload %j stays what it is', (upload, id) => {
  expect(requestIdOfUpload(upload)).toBe(id);
});

test('different texts have different digests, however they are cut', () => {
  const texts = fc.array(fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(texts, texts, (some, others) => {
      const same = some.length === others.length && some.every((text, index) => text === others[index]);
      expect(digestOf(...some) === digestOf(...others)).toBe(same);
    }),
  );
});

describe('an id, a source and a tenant their sender chose', () => {
  test.each(['a', 'Order 5/ü', '🧥', 'i'.repeat(256), 'a\u00a0b'])('may be %j', (id) => {
    expect(identityProblem({ id, source: id, tenant: id })).toBeUndefined();
  });

  test.each([
    ['', '1 to 256 characters, got 0'],
    ['i'.repeat(257), '1 to 256 characters, got 257'],
    ['a\nb', 'no control characters'],
    ['\u007f', 'no control characters'],
    ['\ud800', 'no control characters'],
    ['\ufffe', 'no control characters'],
  ])('may not be %j', (id, problem) => {
    expect(identityProblem({ id, source: '' })).toContain(problem);
    expect(identityProblem({ id: 'r-1', source: '', tenant: id })).toContain(problem);
  });

  test.each(['a\nb', '\u007f', '\ud800', '\ufffe'])('may not come from the source %j', (source) => {
    expect(identityProblem({ id: 'r-1', source })).toContain('no control characters');
  });
});

test('a source fits every outcome', () => {
  expect(identityProblem({ id: 'r-1', source: '' })).toBeUndefined();
  expect(identityProblem({ id: 'r-1', source: 's'.repeat(2_048) })).toBeUndefined();
  expect(identityProblem({ id: 'r-1', source: 's'.repeat(2_049) })).toContain(
    '0 to 2048 characters, got 2049',
  );
});
