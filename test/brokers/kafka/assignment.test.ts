import { expect, test } from 'vitest';
import { Assignment, type Member } from '../../../lib/brokers/kafka/assignment.ts';

function member(generationId: number, partitions: readonly number[], memberId = 'm'): Member {
  return { memberId, generationId, assignments: [{ topic: 't', partitions }] };
}

/** Owns 0 and 1 since generation 5. */
function owning() {
  const assignment = new Assignment();
  assignment.update(member(5, [0, 1]));
  expect(assignment.missing).toEqual([{ topic: 't', partitions: [0, 1] }]);
  for (const index of [0, 1]) assignment.add({ topic: 't', topicId: 'first', index }, 0n);
  const [first, second] = assignment.partitions;
  return { assignment, first, second };
}

test('partitions of the same member are kept in the next generation', () => {
  const { assignment, first, second } = owning();
  assignment.update(member(6, [1, 2]));
  expect(assignment.missing).toEqual([{ topic: 't', partitions: [2] }]);
  expect(first?.isLost).toBe(true);
  expect(assignment.partitions).toEqual([second]);
});

test('the same assignment changes nothing', () => {
  const { assignment, first, second } = owning();
  assignment.update(member(5, [0, 1]));
  expect(assignment.missing).toEqual([]);
  assignment.add({ topic: 't', topicId: 'first', index: 0 }, 100n);
  expect(assignment.partitions).toEqual([first, second]);
});

test.each([
  ['another member', member(6, [0, 1], 'n')],
  ['one that missed a generation', member(7, [0, 1])],
  ['a group that began anew', member(1, [0, 1])],
])('%s has lost everything', (_, next) => {
  const { assignment, first, second } = owning();
  assignment.update(next);
  expect(assignment.missing).toEqual([{ topic: 't', partitions: [0, 1] }]);
  expect([first?.isLost, second?.isLost]).toEqual([true, true]);
  expect(assignment.partitions).toEqual([]);
});

test('partitions of a topic that was created again are lost, and assigned anew', () => {
  const { assignment, first, second } = owning();
  expect(assignment.loseReplaced(new Map([['t', 'first']]))).toEqual(new Set());
  expect(assignment.loseReplaced(new Map([['t', 'second']]))).toEqual(new Set(['t']));
  expect([first?.isLost, second?.isLost]).toEqual([true, true]);
  expect(assignment.missing).toEqual([{ topic: 't', partitions: [0, 1] }]);
  expect(() => first?.assertOwned()).toThrow('partition 0 of t was deleted with its topic');
});

test('a member without an assignment owns nothing', () => {
  const { assignment } = owning();
  assignment.update({ memberId: 'm', generationId: 6, assignments: null });
  expect(assignment.missing).toEqual([]);
  expect(assignment.partitions).toEqual([]);
});
