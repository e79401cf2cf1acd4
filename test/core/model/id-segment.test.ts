import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idOfSegment, idSegment } from '../../../lib/core/model/id-segment.ts';

describe('B15: an id in a path', () => {
  test.each([
    ['019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42', '019a9f3e-5d51-7c55-9e0f-5b9e3c1d7a42'],
    ['report_7.csv', 'report_7.csv'],
    ['p/result', '~cC9yZXN1bHQ'],
    ['a?b', '~YT9i'],
    ['.', '~Lg'],
    ['..', '~Li4'],
    ['...', '...'],
    ['~Li4', '~fkxpNA'],
    ['ü', '~w7w'],
    ['50%', '~NTAl'],
  ])('%j stands there as %s', (id, segment) => {
    expect(idSegment(id)).toBe(segment);
    expect(idOfSegment(segment)).toBe(id);
  });

  test.each(['~', '~%', '~Li4=', '~Lh', '~_w', 'order:7', 'a b'])('%j stands for itself', (segment) => {
    expect(idOfSegment(segment)).toBe(segment);
  });

  test('comes back from its segment, which a URL keeps as it is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 256, unit: 'grapheme' }), (id) => {
        const segment = idSegment(id);
        expect(idOfSegment(segment)).toBe(id);
        expect(new URL(`https://example.com/v1/requests/${segment}`).pathname).toBe(
          `/v1/requests/${segment}`,
        );
        expect(decodeURIComponent(segment)).toBe(segment);
      }),
    );
  });
});
