import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACK, DEAD_LETTER, type Disposition, leastAdvanced } from '../../../lib/core/model/disposition.ts';

const retry = (afterSeconds: number): Disposition => ({ action: 'retry', afterSeconds });

test.each([
  ['a message without a request', [], ACK],
  ['requests that are done', [ACK, ACK], ACK],
  ['a request that is dead-lettered', [ACK, DEAD_LETTER, ACK], DEAD_LETTER],
  ['a request to be retried', [ACK, retry(5), DEAD_LETTER], retry(5)],
  ['several to be retried', [retry(5), retry(30), retry(7)], retry(30)],
] as const)('%s', (_, dispositions, expected) => {
  expect(leastAdvanced(dispositions)).toEqual(expected);
});

test('the order of a message’s requests doesn’t matter', () => {
  const dispositions = fc.oneof(fc.constant(ACK), fc.constant(DEAD_LETTER), fc.nat().map(retry));
  fc.assert(
    fc.property(fc.array(dispositions), (all) => {
      expect(leastAdvanced(all.toReversed())).toEqual(leastAdvanced(all));
    }),
  );
});
