import { expect, test } from 'vitest';
import { type Action, actionStateAt, canarySizeOf } from '../../../lib/core/model/action.ts';
import { type ActionEvent, actionTransition } from '../../../lib/core/operations/transition.ts';

const PLAN: Action = {
  id: 'a',
  action: 'redrive',
  filter: { code: 'x' },
  rate: 50,
  state: 'planned',
  count: 10,
  hash: 'h',
  sample: [],
  createdAt: 1_000,
  expiresAt: 2_000,
};

const EVENTS: readonly ActionEvent[] = [
  { type: 'apply' },
  { type: 'pass_canary' },
  { type: 'stop', because: 'it failed' },
  { type: 'finish' },
  { type: 'abort' },
];

test.each([
  ['planned', 1_500, ['running', 'planned', 'planned', 'planned', 'aborted']],
  ['planned', 2_000, ['expired', 'expired', 'expired', 'expired', 'expired']],
  ['running', 9_000, ['running', 'running', 'stopped', 'succeeded', 'aborted']],
  ['succeeded', 9_000, Array(5).fill('succeeded')],
  ['stopped', 9_000, Array(5).fill('stopped')],
  ['aborted', 1_500, Array(5).fill('aborted')],
] as const)('an action that is %s at %i becomes %j', (state, now, expected) => {
  const become = EVENTS.map((event) => {
    const changed = actionTransition({ ...PLAN, state }, event, now);
    return 'refused' in changed ? changed.refused : actionStateAt(changed.action, now);
  });
  expect(become).toEqual(expected);
});

test('an event that changes an action says when', () => {
  const running: Action = { ...PLAN, state: 'running', appliedAt: 1_500 };
  expect(actionTransition(PLAN, { type: 'apply' }, 1_500)).toEqual({ action: running });
  expect(actionTransition(running, { type: 'pass_canary' }, 3_000)).toEqual({
    action: { ...running, canaryPassedAt: 3_000 },
  });
  expect(actionTransition(running, { type: 'stop', because: 'it failed' }, 3_000)).toEqual({
    action: { ...running, state: 'stopped', endedAt: 3_000, stoppedBecause: 'it failed' },
  });
});

test.each([
  [10, 5, 1],
  [10, 15, 2],
  [10, 100, 10],
  [1, 1, 1],
  [0, 50, 0],
])('of %i requests, a canary of %i %% is %i', (count, percent, size) => {
  expect(canarySizeOf({ count, canary: { percent, stopAbovePercent: 0 } })).toBe(size);
});
