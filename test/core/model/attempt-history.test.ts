import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  attemptErrorOf,
  MAX_HISTORY_ATTEMPTS,
  MAX_HISTORY_BYTES,
  type RecordedAttempt,
  withEnded,
  withStarted,
} from '../../../lib/core/model/attempt-history.ts';
import type { RecordEvent } from '../../../lib/core/model/record-event.ts';
import { transition } from '../../../lib/core/model/record-transition.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import { REQUEST, successOf } from '../../support/records.ts';

const START = 1_769_860_800_000;
const LEASE_MILLISECONDS = 60_000;

/** What happens to an attempt after it was claimed. */
const ends = fc.record({
  how: fc.constantFrom('released', 'uncounted', 'died', 'suspended'),
  milliseconds: fc.integer({ min: 0, max: LEASE_MILLISECONDS }),
});

test('the history is the attempts that ran, up to the bound', () => {
  fc.assert(
    fc.property(fc.array(ends, { maxLength: 30 }), fc.boolean(), (plan, hasEnd) => {
      let record: RequestRecord | undefined;
      let now = START;
      const apply = (event: RecordEvent) => {
        const next = transition(record, event, now);
        if ('refused' in next) throw new Error(next.refused);
        record = next.record;
      };
      const ran: RecordedAttempt[] = [];
      let isSuspended = false;
      const claim = (leaseId: string) => {
        apply({ type: 'claim', request: REQUEST, leaseId, leaseEndsAt: now + LEASE_MILLISECONDS });
        if (isSuspended) {
          const { ms: _, ...going } = ran.pop() ?? { n: Number.NaN, at: Number.NaN };
          ran.push(going);
        } else ran.push({ n: ran.length + 1, at: now });
        isSuspended = false;
      };
      const end = (ending: Partial<RecordedAttempt>) => {
        const last = ran.pop() ?? { n: Number.NaN, at: Number.NaN };
        ran.push({ ...last, ms: now - last.at, ...ending });
      };
      plan.forEach(({ how, milliseconds }, index) => {
        const leaseId = `lease-${index}`;
        claim(leaseId);
        now += milliseconds;
        const error = { name: 'Error', message: `no ${index}` };
        if (how === 'died') {
          now += LEASE_MILLISECONDS;
        } else if (how === 'suspended') {
          const checkpoint = { number: index, state: { json: '{}' } };
          apply({ type: 'checkpoint', leaseId, checkpoint, suspend: true });
          isSuspended = true;
          end({});
        } else {
          const uncounted = how === 'uncounted';
          apply({ type: 'release', leaseId, error, uncounted });
          end({ error: { code: 'Error', message: error.message }, ...(uncounted && { uncounted: true }) });
        }
      });
      if (hasEnd) {
        claim('last');
        now += 5;
        apply({ type: 'complete', leaseId: 'last', outcome: successOf(1) });
        end({});
      }
      expect(record?.history ?? []).toEqual(ran.slice(-MAX_HISTORY_ATTEMPTS));
    }),
  );
});

test('a history never takes more bytes than its bound, whatever errors say', () => {
  const text = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: text, message: text, version: text }), { minLength: 1, maxLength: 40 }),
      (errors) => {
        let history: readonly RecordedAttempt[] | undefined;
        errors.forEach(({ version, ...error }, index) => {
          history = withStarted(history, { n: index + 1, at: START, version });
          history = withEnded(history, index + 1, START + 1e9, { error: attemptErrorOf(error) });
        });
        expect(Buffer.byteLength(JSON.stringify(history))).toBeLessThanOrEqual(MAX_HISTORY_BYTES);
        expect(history?.at(-1)?.n).toBe(errors.length);
        expect(history?.length).toBeLessThanOrEqual(MAX_HISTORY_ATTEMPTS);
      },
    ),
  );
});

test('the longest error is cut, so that one attempt fits', () => {
  const worst = '\u0000'.repeat(5_000);
  const history = withEnded(withStarted([], { n: 1, at: START, version: worst }), 1, START, {
    error: attemptErrorOf({ name: worst, message: worst }),
  });
  expect(Buffer.byteLength(JSON.stringify(history))).toBeLessThan(MAX_HISTORY_BYTES / 2);
});

test('a record of an earlier version goes on without the attempts before', () => {
  const running = {
    request: REQUEST,
    status: 'running',
    attempts: 2,
    leaseId: 'old',
    leaseEndsAt: START + 1,
    createdAt: START,
    updatedAt: START,
  } as const;
  const error = { name: 'Error', message: 'no' };
  const released = transition(running, { type: 'release', leaseId: 'old', error }, START);
  if ('refused' in released) throw new Error(released.refused);
  expect(released.record.history).toBeUndefined();
  const claim = { type: 'claim', request: REQUEST, leaseId: 'new', leaseEndsAt: START + 9 } as const;
  const claimed = transition(released.record, claim, START + 2);
  expect(claimed).toMatchObject({ record: { history: [{ n: 3, at: START + 2 }] } });
});
