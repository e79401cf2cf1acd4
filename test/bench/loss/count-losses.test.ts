import { expect, test } from 'vitest';
import { countLosses, type Evidence } from '../../../bench/loss/count-losses.ts';

const NOTHING = { lost: 0, stuck: 0, unreported: 0, twice: 0, wrong: 0 };

function evidence(changes: Partial<Evidence>): Evidence {
  return {
    accepted: new Set([3]),
    effects: [3],
    outcomes: [{ job: 3, result: { job: 3, square: 9 } }],
    ...changes,
  };
}

test.each<[string, Partial<Evidence>, object]>([
  ['a job that ran once and has its outcome is nothing', {}, {}],
  [
    'an outcome that came twice is nothing',
    { outcomes: Array(2).fill({ job: 3, result: { job: 3, square: 9 } }) },
    {},
  ],
  ['a job that the broker did not accept is nothing', { accepted: new Set(), effects: [3, 3] }, {}],
  ['a job that neither ran nor has an outcome is lost', { effects: [], outcomes: [] }, { lost: 1 }],
  ['a job that is still in the queue is stuck', { effects: [], outcomes: [], unsettled: [3] }, { stuck: 1 }],
  ['a job that ran without an outcome is unreported', { outcomes: [] }, { unreported: 1 }],
  ['a job whose record has not ended is unreported', { recorded: [] }, { unreported: 1 }],
  ['a job whose record has ended is nothing', { recorded: [3] }, {}],
  ['a job that ran twice', { effects: [3, 3] }, { twice: 1 }],
  [
    'an outcome with another result is wrong',
    { outcomes: [{ job: 3, result: { job: 3, square: 8 } }] },
    { wrong: 1 },
  ],
  ['a failure of a job that ran is wrong', { outcomes: [{ job: 3, result: undefined }] }, { wrong: 1 }],
  ['a result of a job that never ran is wrong', { effects: [] }, { wrong: 1 }],
])('%s', (_, changes, expected) => {
  expect(countLosses(evidence(changes))).toEqual({ ...NOTHING, ...expected });
});
