import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ExitCode, ExitStatus } from '../../lib/cli/exit-status.ts';

function codeOf(codes: readonly ExitCode[]): number {
  const status = new ExitStatus();
  for (const code of codes) status.add(code);
  return status.code;
}

const anyCodes = fc.array(fc.constantFrom<ExitCode>(0, 1, 2, 3, 4, 5, 6));

test('is 0 by default', () => {
  expect(codeOf([])).toBe(0);
  expect(codeOf([0, 0])).toBe(0);
});

test('the worst code wins: error, failed, expired, cancelled, not ended', () => {
  const seen: number[] = [];
  let left: ExitCode[] = [0, 6, 4, 5, 3, 1];
  while (left.length > 0) {
    const worst = codeOf(left);
    seen.push(worst);
    left = left.filter((code) => code !== worst);
  }
  expect(seen).toEqual([1, 3, 5, 4, 6, 0]);
});

test('is one of the codes, in any order', () => {
  fc.assert(
    fc.property(anyCodes, (codes) => {
      const code = codeOf(codes);
      expect(codeOf(codes.toReversed())).toBe(code);
      expect([0, ...codes]).toContain(code);
    }),
  );
});
