import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClaimCheckRefused, EnvelopeMalformed } from '../../../lib/core/base/errors.ts';
import {
  assertAllowed,
  claimCheckProblem,
  formatClaimCheck,
  isSameObject,
  parseClaimCheck,
} from '../../../lib/core/model/claim-check.ts';
import { keys } from '../../support/arbitrary.ts';

test('a formatted claim check parses to the same claim check', () => {
  const checks = fc.record(
    {
      scheme: fc.constant('file' as const),
      bucket: fc.stringMatching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
      key: keys,
      versionId: fc.string({ minLength: 1, unit: 'grapheme' }),
    },
    { requiredKeys: ['bucket', 'key'] },
  );
  fc.assert(
    fc.property(checks, (check) => {
      const reference = formatClaimCheck(check);
      expect(reference).toMatch(/^[\x21-\x7e]+$/);
      expect(parseClaimCheck(reference)).toEqual(check);
    }),
  );
});

test.each([
  [
    { bucket: 'payloads', key: 'results/a b/ü+1?#%.csv' },
    's3://payloads/results/a%20b/%C3%BC%2B1%3F%23%25.csv',
  ],
  [{ bucket: 'payloads', key: 'a', versionId: 'v+1/=' }, 's3://payloads/a?versionId=v%2B1%2F%3D'],
  [{ bucket: 'payloads', key: '//a/' }, 's3://payloads///a/'],
  [{ scheme: 'file', bucket: 'payloads', key: 'requests/a b' }, 'file://payloads/requests/a%20b'],
] as const)('%j is formatted as %s', (check, reference) => {
  expect(formatClaimCheck(check)).toBe(reference);
});

test('the parser ignores other parameters and keeps a plus in the path', () => {
  expect(parseClaimCheck('s3://payloads/a+b?x=1&versionId=v1&y')).toEqual({
    bucket: 'payloads',
    key: 'a+b',
    versionId: 'v1',
  });
});

test.each([
  '',
  'a',
  's3:',
  's3://',
  's3://payloads',
  's3://payloads/',
  's3:///a',
  's3://Payloads/a',
  's3://p/a',
  's3://pay loads/a',
  's3://payloads/a#fragment',
  's3://payloads/%',
  's3://payloads/%C3',
  'S3://payloads/a',
  'https://payloads.s3.amazonaws.com/a',
  'file:///etc/passwd',
  'gs://payloads/a',
])('%j is not a claim check', (reference) => {
  expect(() => parseClaimCheck(reference)).toThrow(EnvelopeMalformed);
});

test.each([
  [{ bucket: 'own', key: 'a', versionId: 'v1' }, true],
  [{ bucket: 'own', key: 'b' }, false],
  [{ bucket: 'other', key: 'a' }, false],
  [{ scheme: 'file', bucket: 'own', key: 'a' }, false],
] as const)('%j is the same object as s3://own/a: %s', (check, same) => {
  expect(isSameObject(check, { bucket: 'own', key: 'a' })).toBe(same);
});

test('a refusal names the allowed forms', () => {
  expect(() => parseClaimCheck('gs://payloads/a')).toThrow(
    'expected s3://bucket/key?versionId=… or file://store/key, got gs://payloads/a',
  );
});

test('a refusal quotes the beginning of the text', () => {
  expect(() => parseClaimCheck(`x${'y'.repeat(10_000)}`)).toThrow(/got xy{199}$/);
});

test.each(['https://b.s3.amazonaws.com/k?X-Amz-Signature=secret', 's3://b/k#secret', 'https://secret@b/k'])(
  'a refusal of %s does not quote credentials',
  (reference) => {
    expect(() => parseClaimCheck(reference)).toThrow(/got (?:(?!secret).)+$/);
  },
);

describe('with sources', () => {
  const sources = ['own', 'shared/in/', 'exact/a'];

  test.each([
    ['own', 'anything'],
    ['shared', 'in/a'],
    ['shared', 'in/'],
    ['exact', 'a'],
    ['exact', 'ab'],
  ])('%s/%s may be read', (bucket, key) => {
    expect(() => assertAllowed({ bucket, key }, sources)).not.toThrow();
  });

  test.each([
    ['foreign', 'a'],
    ['own2', 'a'],
    ['ow', 'n/a'],
    ['shared', 'in'],
    ['shared', 'inside'],
    ['shared', 'out/in/a'],
    ['exact', 'b'],
  ])('%s/%s may not be read', (bucket, key) => {
    expect(() => assertAllowed({ bucket, key }, sources)).toThrow(ClaimCheckRefused);
  });

  test.each([
    [['own'], { scheme: 'file', bucket: 'own', key: 'a' }, 'it reads s3:// references'],
    [['file://own'], { bucket: 'own', key: 'a' }, 'it reads file:// references'],
    [
      ['own', 'file://own/in/'],
      { scheme: 'file', bucket: 'own', key: 'a' },
      'it reads s3:// and file:// references',
    ],
  ] as const)('of %j, %j may not be read, and the refusal names the schemes', (allowed, check, message) => {
    expect(() => assertAllowed(check, allowed)).toThrow(message);
  });

  test.each(['file://own', 'file://own/in/'])('%s allows a file', (source) => {
    expect(() => assertAllowed({ scheme: 'file', bucket: 'own', key: 'in/a' }, [source])).not.toThrow();
  });

  test('an empty list allows no read', () => {
    expect(() => assertAllowed({ bucket: 'own', key: 'a' }, [])).toThrow(ClaimCheckRefused);
  });
});

test.each([
  [{ bucket: 'payloads', key: 'k'.repeat(1_024) }, undefined],
  [{ bucket: 'payloads', key: 'ü'.repeat(513) }, 'a key has at most 1024 bytes, got 1026'],
  [{ bucket: 'payloads', key: '\ud800' }, 'it must not have unpaired surrogates'],
  [{ bucket: '\ud800', key: 'a' }, 'it must not have unpaired surrogates'],
  [{ bucket: 'payloads', key: 'a', versionId: '\udc00' }, 'it must not have unpaired surrogates'],
  [{ bucket: 'own/other', key: 'a' }, "a bucket's name has no slash, got own/other"],
  [{ bucket: 'payloads', key: '../a//b/' }, undefined],
  [{ scheme: 'file', bucket: 'payloads', key: 'in/..a/.b' }, undefined],
  ...['../a', 'in/../../a', '/etc/passwd', './a', 'a/', 'a//b', 'in\\..\\a', 'a\0'].map(
    (key) =>
      [
        { scheme: 'file', bucket: 'payloads', key },
        `the key of a file has no empty segments, no . or .., and no backslashes, got ${key}`,
      ] as const,
  ),
] as const)('the problem of %.60j', (check, problem) => {
  expect(claimCheckProblem(check)).toBe(problem);
});
