import { expect, test } from 'vitest';
import {
  BATCH_OPEN_MILLISECONDS,
  type Batch,
  type BatchCounts,
  type BatchState,
  batchIdOf,
  batchKeyProblem,
  batchProgressOf,
  batchStatusOf,
  estimatedEndOf,
  itemRequestId,
  sealsItselfAt,
} from '../../../lib/core/model/batch.ts';

const NONE: BatchCounts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };
const BATCH: Batch = { id: 'b-1', metadata: {}, createdAt: 1_000 };

function state(counts: Partial<BatchCounts>, times: Omit<BatchState, 'counts'> = {}): BatchState {
  return { counts: { ...NONE, ...counts }, ...times };
}

test.each<[string, Partial<Batch>, BatchState]>([
  ['open', {}, state({ succeeded: 3 })],
  ['running', {}, state({ queued: 1, succeeded: 3 }, { sealedAt: 2_000 })],
  ['cancelling', {}, state({ running: 1 }, { sealedAt: 2_000, cancelledAt: 2_000 })],
  ['completed', {}, state({ failed: 3 }, { sealedAt: 2_000, endedAt: 3_000 })],
  ['cancelled', {}, state({ succeeded: 3 }, { sealedAt: 2_000, cancelledAt: 2_500, endedAt: 3_000 })],
  [
    'expired',
    { expiresAt: 3_000 },
    state({ expired: 1 }, { sealedAt: 2_000, endedAt: 3_000, expiredAtEnd: 1 }),
  ],
  // Items whose own time was over before that of the batch.
  [
    'completed',
    { expiresAt: 4_000 },
    state({ expired: 1 }, { sealedAt: 2_000, endedAt: 3_000, expiredAtEnd: 1 }),
  ],
  ['completed', { expiresAt: 3_000 }, state({ succeeded: 1 }, { sealedAt: 2_000, endedAt: 3_500 })],
  // An item was redriven after the end.
  ['completed', {}, state({ queued: 1, failed: 2 }, { sealedAt: 2_000, endedAt: 3_000 })],
  [
    'completed',
    { expiresAt: 3_000 },
    state({ expired: 1 }, { sealedAt: 2_000, endedAt: 3_500, expiredAtEnd: 0 }),
  ],
])('a batch is %s', (status, batch, at) => {
  expect(batchStatusOf({ ...BATCH, ...batch }, at)).toBe(status);
});

test('the progress is the part of the items that have ended', () => {
  expect(batchProgressOf(state({}))).toBe(0);
  expect(batchProgressOf(state({}, { sealedAt: 2_000, endedAt: 2_000 }))).toBe(1);
  expect(batchProgressOf(state({ queued: 1, running: 1, failed: 1, cancelled: 1 }))).toBe(0.5);
});

test('the end is estimated by the time that the ended items took', () => {
  const half = state({ queued: 10, succeeded: 10 }, { startedAt: 10_000 });
  expect(estimatedEndOf(BATCH, half, 15_000)).toBe(20_000);
  expect(estimatedEndOf({ ...BATCH, notBefore: 16_000 }, half, 15_000)).toBeUndefined();
  expect(estimatedEndOf(BATCH, state({ queued: 10 }), 15_000)).toBeUndefined();
  expect(estimatedEndOf(BATCH, state({ running: 10 }, { startedAt: 10_000 }), 15_000)).toBeUndefined();
  expect(estimatedEndOf(BATCH, state({ succeeded: 10 }, { startedAt: 10_000 }), 15_000)).toBeUndefined();
});

test('an open batch is sealed a week after its last item, or when it expires', () => {
  expect(sealsItselfAt(BATCH, {})).toBe(1_000 + BATCH_OPEN_MILLISECONDS);
  expect(sealsItselfAt(BATCH, { addedAt: 5_000 })).toBe(5_000 + BATCH_OPEN_MILLISECONDS);
  expect(sealsItselfAt({ ...BATCH, expiresAt: 6_000 }, { addedAt: 5_000 })).toBe(6_000);
});

test('ids follow from what they are of', () => {
  const [one, again, other] = [BATCH, { ...BATCH, createdAt: 2_000 }, { ...BATCH, id: 'b-2' }];
  expect(itemRequestId(one, 'k')).toMatch(/^[0-9a-f]{32}$/);
  const ids = [
    itemRequestId(one, 'k'),
    itemRequestId(one, 'l'),
    itemRequestId(again, 'k'),
    itemRequestId(other, 'k'),
  ];
  const batches = [batchIdOf(undefined, 'k'), batchIdOf('acme', 'k'), batchIdOf('acme', 'l')];
  expect(new Set([...ids, ...batches]).size).toBe(7);
  expect(itemRequestId({ ...one }, 'k')).toBe(ids[0]);
});

test.each(['', 'a'.repeat(256), 'a\nb', '\ud800'])('%j is no key', (key) => {
  expect(batchKeyProblem(key)).toContain('must have 1 to 255 characters');
  expect(batchKeyProblem('Bestellung 17/ü')).toBeUndefined();
});
