import { expect, test } from 'vitest';
import type { Rehearsal } from '../../../lib/core/model/rehearsal.ts';
import { settlementOf } from '../../../lib/core/operations/rehearsed.ts';

function rehearsal(result: Rehearsal['result'], code?: string, message?: string): Rehearsal {
  return { id: 'r', source: '', result, code, message };
}

test.each<[Rehearsal[] | undefined, unknown]>([
  [undefined, { result: 'skipped', detail: 'undecided: there was no time to rehearse it' }],
  [[], { result: 'done' }],
  [[rehearsal('succeeds')], { result: 'done' }],
  [[rehearsal('fails', 'TypeError', 'no')], { result: 'failed', detail: 'would fail: TypeError: no' }],
  [[rehearsal('undecided', 'paused', 'later')], { result: 'skipped', detail: 'undecided: paused: later' }],
  [
    [rehearsal('succeeds'), rehearsal('undecided', 'paused', 'later'), rehearsal('fails', 'EDOWN', 'Down')],
    { result: 'failed', detail: 'would fail: EDOWN: Down' },
  ],
])('a dead letter is as good as the worst of its requests: %#', (requests, settlement) => {
  expect(settlementOf(requests)).toEqual(settlement);
});

test('a long message is cut, since the store keeps a hundred of them together', () => {
  const { detail } = settlementOf([rehearsal('fails', 'E', 'x'.repeat(10_000))]);
  expect(detail).toHaveLength(300);
});
