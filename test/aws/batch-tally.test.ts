import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Tally, type TallyEntry } from '../../lib/aws/batch-tally.ts';
import { COUNTED_STATUSES } from '../../lib/core/model/batch.ts';

const NONE = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, expired: 0 };

/** A few requests, whose records had some revisions, each with its status. */
const RECORDS = fc.array(fc.array(fc.constantFrom(...COUNTED_STATUSES), { maxLength: 5 }), { maxLength: 6 });

test('counts each request by its newest revision, however often and in whichever order changes come', () => {
  fc.assert(
    fc.property(RECORDS, fc.array(fc.array(fc.nat(1_000), { maxLength: 8 })), (records, deliveries) => {
      const all = records.flatMap((statuses, index): TallyEntry[] =>
        statuses.map((status, revision) => ({ index, status, revision: revision + 1 })),
      );
      const counts = { ...NONE };
      let bytes = new Uint8Array();
      const count = (entries: readonly TallyEntry[]) => {
        const tally = new Tally(bytes);
        const changes = tally.apply(entries) ?? NONE;
        for (const status of COUNTED_STATUSES) counts[status] += changes[status];
        bytes = tally.bytes;
      };
      if (all.length > 0)
        for (const picks of deliveries) count(picks.flatMap((pick) => all[pick % all.length] ?? []));
      // The stream brings each at least once.
      count(all);
      const expected = { ...NONE };
      for (const statuses of records) {
        const newest = statuses.at(-1);
        if (newest !== undefined) expected[newest]++;
      }
      expect(counts).toEqual(expected);
      expect(new Tally(bytes).apply(all)).toBeUndefined();
    }),
  );
});

test('has 4 bytes for each request, and knows what it has counted', () => {
  const tally = new Tally();
  tally.apply([{ index: 2, status: 'succeeded', revision: 70_000 }]);
  expect([...tally.bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 3, 1, 17, 112]);
  const read = new Tally(tally.bytes);
  expect(read.at(2)).toEqual({ index: 2, status: 'succeeded', revision: 70_000 });
  expect(read.at(1)).toBeUndefined();
  expect(read.at(3)).toBeUndefined();
});
