import { expect, test } from 'vitest';
import { TenantShares } from '../../../../lib/core/intake/admission/tenant-shares.ts';
import { START } from '../../../support/test-clock.ts';

type Noted = readonly [tenant: string | undefined, asked: number, admitted: number];

function sharesOf(...noted: readonly Noted[]): TenantShares {
  const shares = new TenantShares();
  for (const [tenant, asked, admitted] of noted) {
    for (let ask = 0; ask < asked; ask++) shares.note(tenant, ask < admitted, START);
  }
  return shares;
}

test.each<[string, readonly Noted[], boolean]>([
  [
    'more than half',
    [
      ['a', 11, 11],
      ['b', 9, 9],
    ],
    true,
  ],
  [
    'exactly half',
    [
      ['a', 10, 10],
      ['b', 10, 10],
    ],
    false,
  ],
  [
    'less than half',
    [
      ['a', 9, 9],
      ['b', 11, 11],
    ],
    false,
  ],
  ['everything, without requests of other tenants', [['a', 100, 100]], false],
  [
    'everything except requests without a tenant',
    [
      ['a', 80, 80],
      [undefined, 20, 20],
    ],
    false,
  ],
  [
    'everything, because another tenant was refused',
    [
      ['a', 20, 20],
      ['b', 19, 0],
    ],
    true,
  ],
  [
    'everything, because a tenant with more requests was refused',
    [
      ['a', 20, 20],
      ['b', 30, 0],
    ],
    false,
  ],
  [
    'more than half of too few requests',
    [
      ['a', 10, 10],
      ['b', 9, 9],
    ],
    false,
  ],
  [
    'half, counting requests without a tenant',
    [
      ['a', 20, 20],
      ['b', 1, 1],
      [undefined, 19, 19],
    ],
    false,
  ],
])('a tenant that has %s', (_, noted, over) => {
  expect(sharesOf(...noted).isOver('a', 50, START)).toBe(over);
});

test('the share is configurable', () => {
  const shares = sharesOf(['a', 30, 30], ['b', 70, 70]);
  expect(shares.isOver('a', 29, START)).toBe(true);
  expect(shares.isOver('a', 30, START)).toBe(false);
  expect(sharesOf(['a', 99, 99], ['b', 1, 0]).isOver('a', 100, START)).toBe(false);
});

test('requests stop counting after about a minute', () => {
  const shares = sharesOf(['a', 30, 30], ['b', 10, 10]);
  expect(shares.isOver('a', 50, START + 60_000)).toBe(true);
  expect(shares.isOver('a', 50, START + 70_000)).toBe(false);
});

test('the shares cover all windows of the last minute', () => {
  const shares = new TenantShares();
  for (let second = 0; second < 60; second++) {
    shares.note('a', true, START + second * 1_000);
    if (second % 4 === 0) shares.note('b', true, START + second * 1_000);
  }
  expect(shares.isOver('a', 79, START + 60_000)).toBe(true);
  expect(shares.isOver('a', 80, START + 60_000)).toBe(false);
});
