import { expect, test } from 'vitest';
import { LanedAdmission } from '../../../lib/core/intake/admission/laned-admission.ts';
import { lanedSubmissionQueue } from '../../../lib/core/intake/laned-submission-queue.ts';
import { eachPriority, PRIORITIES } from '../../../lib/core/model/priority.ts';
import { MemorySubmissionQueue } from '../../../lib/stores/memory/submission-queue.ts';

test('each submission goes to the queue of its priority, with its tenant and its place', async () => {
  const lanes = eachPriority(() => new MemorySubmissionQueue());
  const queue = lanedSubmissionQueue(lanes);
  expect(queue).toMatchObject({ priorities: PRIORITIES, ordered: false });
  await queue.send('a', 'blue');
  for (const priority of PRIORITIES) await queue.send(priority, 'red', { requestId: priority, priority });
  expect(lanes.high.sent).toEqual([
    { message: 'high', tenant: 'red', place: { requestId: 'high', priority: 'high' } },
  ]);
  expect(lanes.normal.sent.map(({ message }) => message)).toEqual(['a', 'normal']);
  expect(lanes.low.sent.map(({ message }) => message)).toEqual(['low']);
  expect(queue.sendRecorded).toBeUndefined();
});

test('a request is admitted by the load of the queue of its priority', async () => {
  const load = { maxWaitSeconds: 60 };
  const asked: string[] = [];
  const admission = new LanedAdmission(
    eachPriority((priority) => ({
      decide: async () => {
        asked.push(priority);
        return { admitted: true as const, load };
      },
      state: async () => ({ accepting: priority === 'normal', load }),
      figures: async () => ({}),
    })),
  );
  for (const priority of [undefined, ...PRIORITIES]) await admission.decide({ priority });
  expect(asked).toEqual(['normal', 'high', 'normal', 'low']);
  expect(await admission.state()).toEqual({ accepting: true, load });
});
