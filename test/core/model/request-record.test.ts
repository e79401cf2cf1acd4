import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Checkpoint } from '../../../lib/core/model/checkpoint.ts';
import type { ClaimEvent, RecordEvent } from '../../../lib/core/model/record-event.ts';
import { transition } from '../../../lib/core/model/record-transition.ts';
import { type RequestRecord, type RequestStatus, statusOf } from '../../../lib/core/model/request-record.ts';
import { FAILURE, REQUEST, recordEvents, successOf } from '../../support/records.ts';

const NOW = 1_000_000;
const LEASE_END = NOW + 100;

function recordAfter(record: RequestRecord | undefined, event: RecordEvent, now = NOW): RequestRecord {
  const next = transition(record, event, now);
  if ('refused' in next) throw new Error(`${event.type} was refused: ${next.refused}`);
  return next.record;
}

const awaiting = recordAfter(undefined, { type: 'submit', request: REQUEST, uploaded: false });
const queued = recordAfter(undefined, { type: 'submit', request: REQUEST, uploaded: true });
const claim: RecordEvent = {
  type: 'claim',
  request: REQUEST,
  leaseEndsAt: LEASE_END,
  leaseId: 'lease-1',
};
const laterClaim: RecordEvent = { ...claim, leaseId: 'lease-2' };
const running = recordAfter(queued, claim);
const cancelling = recordAfter(running, { type: 'cancel' });
const error = { name: 'Error', message: 'not now' };

const HALF: Checkpoint = { number: 3, state: { json: '{"row":50}' } };

const EVENTS: Record<string, RecordEvent> = {
  submit: { type: 'submit', request: REQUEST, uploaded: true },
  uploaded: { type: 'uploaded' },
  claim: laterClaim,
  progress: { type: 'progress', leaseId: 'lease-1', progress: { fraction: 0.5 } },
  'progress of another': { type: 'progress', leaseId: 'lease-2', progress: { fraction: 0.5 } },
  checkpoint: { type: 'checkpoint', leaseId: 'lease-1', checkpoint: HALF, suspend: false },
  'checkpoint that suspends': { type: 'checkpoint', leaseId: 'lease-1', checkpoint: HALF, suspend: true },
  'checkpoint of another': { type: 'checkpoint', leaseId: 'lease-2', checkpoint: HALF, suspend: false },
  release: { type: 'release', leaseId: 'lease-1', error },
  'release of another': { type: 'release', leaseId: 'lease-2', error },
  complete: { type: 'complete', leaseId: 'lease-1', outcome: successOf(1) },
  'complete of another': { type: 'complete', leaseId: 'lease-2', outcome: successOf(2) },
  cancel: { type: 'cancel' },
};

/** The result of each event in each state, within the lease. */
const TABLE: [string, RequestRecord | undefined, Record<string, string>][] = [
  [
    'no record',
    undefined,
    {
      submit: 'queued',
      uploaded: 'refused: out_of_turn',
      claim: 'running',
      progress: 'refused: out_of_turn',
      checkpoint: 'refused: out_of_turn',
      'checkpoint that suspends': 'refused: out_of_turn',
      'checkpoint of another': 'refused: out_of_turn',
      'progress of another': 'refused: out_of_turn',
      release: 'refused: out_of_turn',
      'release of another': 'refused: out_of_turn',
      complete: 'refused: out_of_turn',
      'complete of another': 'refused: out_of_turn',
      cancel: 'refused: out_of_turn',
    },
  ],
  ...(
    [
      ['awaiting_upload', awaiting, 'queued'],
      ['queued', queued, 'refused: out_of_turn'],
    ] as const
  ).map(([name, record, uploaded]): [string, RequestRecord, Record<string, string>] => [
    name,
    record,
    {
      submit: 'refused: out_of_turn',
      uploaded,
      claim: 'running',
      progress: 'refused: lease_lost',
      checkpoint: 'refused: lease_lost',
      'checkpoint that suspends': 'refused: lease_lost',
      'checkpoint of another': 'refused: lease_lost',
      'progress of another': 'refused: lease_lost',
      release: 'refused: lease_lost',
      'release of another': 'refused: lease_lost',
      complete: 'refused: lease_lost',
      'complete of another': 'refused: lease_lost',
      cancel: 'cancelled',
    },
  ]),
  [
    'running',
    running,
    {
      submit: 'refused: out_of_turn',
      uploaded: 'refused: out_of_turn',
      claim: 'refused: leased',
      progress: 'running',
      checkpoint: 'running',
      'checkpoint that suspends': 'queued',
      'checkpoint of another': 'refused: lease_lost',
      'progress of another': 'refused: lease_lost',
      release: 'queued',
      'release of another': 'refused: lease_lost',
      complete: 'succeeded',
      'complete of another': 'refused: lease_lost',
      cancel: 'cancelling',
    },
  ],
  [
    'cancelling',
    cancelling,
    {
      submit: 'refused: out_of_turn',
      uploaded: 'refused: out_of_turn',
      claim: 'refused: leased',
      progress: 'cancelling',
      checkpoint: 'cancelling',
      'checkpoint that suspends': 'cancelled',
      'checkpoint of another': 'refused: lease_lost',
      'progress of another': 'refused: lease_lost',
      release: 'cancelled',
      'release of another': 'refused: lease_lost',
      complete: 'succeeded',
      'complete of another': 'refused: lease_lost',
      cancel: 'cancelling',
    },
  ],
  [
    'succeeded',
    recordAfter(running, { type: 'complete', leaseId: 'lease-1', outcome: successOf(1) }),
    Object.fromEntries(Object.keys(EVENTS).map((name) => [name, 'refused: finished'])),
  ],
];

describe.each(TABLE)('%s', (_, record, expected) => {
  test.each(Object.entries(EVENTS))('and %s', (name, event) => {
    const next = transition(record, event, NOW + 1);
    expect('refused' in next ? `refused: ${next.refused}` : next.record.status).toBe(expected[name]);
  });
});

describe('after the lease', () => {
  test('another attempt takes over a running request', () => {
    expect(recordAfter(running, laterClaim, LEASE_END)).toMatchObject({ status: 'running', attempts: 2 });
  });

  test('a running request can be cancelled at once', () => {
    expect(recordAfter(running, { type: 'cancel' }, LEASE_END).status).toBe('cancelled');
  });

  test('the next claim cancels a request that is cancelling', () => {
    expect(recordAfter(cancelling, claim, LEASE_END)).toMatchObject({
      status: 'cancelled',
      outcome: { problem: { code: 'request_cancelled', attempts: 1 } },
    });
  });
});

test('a new attempt starts without the progress of the previous one', () => {
  const advanced = recordAfter(running, {
    type: 'progress',
    leaseId: 'lease-1',
    progress: { fraction: 0.5, note: 'half' },
  });
  expect(advanced.progress).toEqual({ fraction: 0.5, note: 'half' });
  expect(recordAfter(advanced, laterClaim, LEASE_END).progress).toBeUndefined();
});

describe('a checkpoint', () => {
  const progress = { fraction: 0.5 };
  const save = { type: 'checkpoint', checkpoint: HALF, progress, suspend: false } as const;
  const saved = recordAfter(running, { ...save, leaseId: 'lease-1' });
  const suspended = recordAfter(running, { ...save, leaseId: 'lease-1', suspend: true });

  test('stays for the next attempt, with the progress until then', () => {
    const next = recordAfter(saved, laterClaim, LEASE_END);
    expect(next).toMatchObject({ attempts: 2, checkpoint: HALF, progress });
  });

  test('starts the count of attempts again: its own attempt is the first', () => {
    const third = recordAfter(recordAfter(saved, laterClaim, LEASE_END), {
      type: 'release',
      leaseId: 'lease-2',
      error,
    });
    expect(third).toMatchObject({ attempts: 2, uncountedAttempts: 0 });
    const claimed = recordAfter(third, claim, LEASE_END);
    expect(recordAfter(claimed, { ...save, leaseId: 'lease-1' })).toMatchObject({ uncountedAttempts: 2 });
  });

  test('that suspends: the next claim continues the attempt under its number, without a lease in between', () => {
    expect(suspended).toMatchObject({ status: 'queued', suspended: true });
    expect(suspended.leaseEndsAt).toBeUndefined();
    const continued = recordAfter(suspended, laterClaim);
    expect(continued).toMatchObject({ status: 'running', attempts: 1, checkpoint: HALF, progress });
  });

  test('that suspends: the attempt before it can change nothing, though it has the same number', () => {
    const continued = recordAfter(suspended, laterClaim);
    for (const event of ['progress', 'checkpoint', 'release', 'complete']) {
      expect(transition(continued, EVENTS[event] ?? laterClaim, NOW)).toEqual({ refused: 'lease_lost' });
    }
  });

  test('that suspends: an attempt that continued it and failed or crashed is followed by a new one', () => {
    const continued = recordAfter(suspended, laterClaim);
    const failed = recordAfter(continued, { type: 'release', leaseId: 'lease-2', error });
    expect(recordAfter(failed, claim)).toMatchObject({ attempts: 2, suspended: undefined });
    expect(recordAfter(continued, claim, LEASE_END)).toMatchObject({ attempts: 2, suspended: undefined });
  });

  test('that suspends: the request can be cancelled at once', () => {
    const { suspended: left, outcome } = recordAfter(suspended, { type: 'cancel' });
    expect(left).toBeUndefined();
    expect(outcome?.status).toBe('cancelled');
  });
});

test('a request that starts with its claim keeps the data of its envelope', () => {
  const request = { ...REQUEST, tenant: 'acme', expiresAt: NOW + 5, traceparent: '00-trace' };
  const record = recordAfter(undefined, { ...claim, request });
  expect(record).toEqual({
    request,
    status: 'running',
    attempts: 1,
    history: [{ n: 1, at: NOW }],
    startedAt: NOW,
    leaseEndsAt: LEASE_END,
    leaseId: 'lease-1',
    createdAt: NOW,
    updatedAt: NOW,
  });
  expect(recordAfter(record, { type: 'cancel' }, LEASE_END).outcome).toMatchObject({
    traceparent: '00-trace',
  });
});

const TERMINAL: readonly RequestStatus[] = ['succeeded', 'failed', 'cancelled', 'expired'];

describe('for any events, in any order, at any time', () => {
  const steps = fc.array(fc.tuple(recordEvents(NOW), fc.integer({ min: NOW - 6, max: NOW + 6 })), {
    maxLength: 30,
  });

  /** Every record in the sequence, with the record and event before it. */
  function history(given: readonly (readonly [RecordEvent, number])[]) {
    let record: RequestRecord | undefined;
    return given.flatMap(([event, now]) => {
      const before = record;
      const next = transition(before, event, now);
      if ('refused' in next) return [];
      record = next.record;
      return [{ before, event, now, record }];
    });
  }

  test('metadata that is recorded stays', () => {
    fc.assert(
      fc.property(steps, (given) => {
        for (const { before, record } of history(given))
          expect(record.metadata ?? {}).toMatchObject(before?.metadata ?? {});
      }),
    );
  });

  test('a request ends once, with the status of its outcome, and never changes after that', () => {
    fc.assert(
      fc.property(steps, (given) => {
        for (const { before, record } of history(given)) {
          expect(before?.outcome).toBeUndefined();
          expect(TERMINAL.includes(record.status)).toBe(record.outcome !== undefined);
          expect(record.outcome?.status ?? record.status).toBe(record.status);
        }
      }),
    );
  });

  test('no attempt starts before the time of its request', () => {
    fc.assert(
      fc.property(steps, (given) => {
        for (const { before, event, now, record } of history(given)) {
          const isFirst = begins(event, record) && (before?.attempts ?? 0) === 0;
          if (isFirst) expect(record.request.notBefore ?? 0).toBeLessThanOrEqual(now);
        }
      }),
    );
  });

  test('only the holder of the lease can change the record, and keeps the lease while it lasts', () => {
    fc.assert(
      fc.property(steps, (given) => {
        for (const { before, event, now, record } of history(given)) {
          if ('leaseId' in event && event.type !== 'claim') expect(event.leaseId).toBe(before?.leaseId);
          const isRepeated = event.type === 'claim' && event.leaseId === before?.leaseId;
          const held = before?.leaseEndsAt !== undefined && before.leaseEndsAt > now && !isRepeated;
          if (held) expect(['progress', 'checkpoint', 'release', 'complete', 'cancel']).toContain(event.type);
          const continues = before?.status === 'queued' && before.suspended;
          const isNew = begins(event, record) && !continues && !isRepeated;
          expect(record.attempts).toBe((before?.attempts ?? 0) + (isNew ? 1 : 0));
          if (record.suspended) expect(['queued', 'running', 'cancelling']).toContain(record.status);
          const leased = record.status === 'running' || record.status === 'cancelling';
          expect(record.leaseEndsAt !== undefined).toBe(leased);
        }
      }),
    );
  });

  test('no request is lost: another attempt can always complete it', () => {
    fc.assert(
      fc.property(steps, (given) => {
        const { record } = history(given).at(-1) ?? {};
        if (record?.outcome) return;
        const late = NOW + 1_000;
        const taken = recordAfter(record, { ...claim, leaseEndsAt: late + 10, leaseId: 'late' }, late);
        if (taken.outcome) return;
        const completion = { type: 'complete', leaseId: 'late', outcome: successOf(taken.attempts) } as const;
        expect(recordAfter(taken, completion, late).status).toBe('succeeded');
      }),
    );
  });
});

describe('a request that must not start before its time', () => {
  const later = { ...REQUEST, notBefore: NOW + 10 };
  const scheduled = recordAfter(undefined, { type: 'submit', request: later, uploaded: true });
  const ticketed = recordAfter(undefined, { type: 'submit', request: later, uploaded: false });
  const earlyClaim = { ...claim, request: later };

  test('is scheduled until then, and queued from then on, without a write', () => {
    expect(scheduled.status).toBe('queued');
    expect([statusOf(scheduled, NOW), statusOf(scheduled, NOW + 9)]).toEqual(['scheduled', 'scheduled']);
    expect(statusOf(scheduled, NOW + 10)).toBe('queued');
  });

  test('is claimed at its time and no earlier', () => {
    expect(transition(scheduled, earlyClaim, NOW + 9)).toEqual({ refused: 'too_early' });
    expect(recordAfter(scheduled, earlyClaim, NOW + 10).status).toBe('running');
  });

  test('is recorded by a claim that comes too early, without an attempt', () => {
    const recorded = recordAfter(undefined, earlyClaim);
    expect(recorded).toMatchObject({ status: 'queued', attempts: 0, request: later });
    expect(recorded).not.toHaveProperty('leaseId', 'lease-1');
  });

  test('is queued when its upload has arrived', () => {
    const arrived = recordAfter(ticketed, earlyClaim);
    expect(arrived).toMatchObject({ status: 'queued', attempts: 0 });
    expect(statusOf(arrived, NOW)).toBe('scheduled');
    expect(statusOf(ticketed, NOW)).toBe('awaiting_upload');
  });

  test('is claimed earlier if it fails, since it can not wait', () => {
    expect(recordAfter(scheduled, { ...earlyClaim, mayBeEarly: true }).status).toBe('running');
  });

  test('never runs after it was cancelled', () => {
    const cancelled = recordAfter(scheduled, { type: 'cancel' });
    expect(cancelled.status).toBe('cancelled');
    expect(transition(cancelled, earlyClaim, NOW + 10)).toEqual({ refused: 'finished' });
  });
});

function begins({ type }: RecordEvent, { status }: RequestRecord): boolean {
  return type === 'claim' && status === 'running';
}

describe('C4: a dead-lettered request is revived by a message', () => {
  const LATE = NOW + 1;
  const failed = recordAfter(running, {
    type: 'complete',
    leaseId: 'lease-1',
    outcome: FAILURE,
    attemptsExhausted: { error: undefined },
  });
  const named = recordAfter(failed, { type: 'dead_letter', redrives: 0 });
  const bare = recordAfter(failed, { type: 'dead_letter', redrives: 0, bare: true });
  const payload = { messageId: 'm-1', digest: 'a', sentAt: 0 };
  const other = { messageId: 'm-2', digest: 'b', sentAt: LATE };

  test.each<[string, RequestRecord, Partial<ClaimEvent>, 'running' | 'finished']>([
    ['that is its dead letter', named, { deadLetterOf: 0 }, 'running'],
    [
      'but not the dead letter of an earlier redrive',
      { ...named, redrives: 1 },
      { deadLetterOf: 0 },
      'finished',
    ],
    ['but not any later message, not even of the same upload', named, { sentAt: LATE }, 'finished'],
    [
      'but not a second upload of its form',
      { ...named, payload },
      { sentAt: LATE, payload: other },
      'finished',
    ],
    [
      'that is its dead letter, even if the record has no note of it',
      failed,
      { deadLetterOf: 0, sentAt: LATE },
      'running',
    ],
    ['but not if it has no dead letter', failed, { sentAt: LATE }, 'finished'],
    ['that is its dead letter without room for a mark', bare, { sentAt: LATE }, 'running'],
    ['but not in the millisecond in which it was dead-lettered', bare, { sentAt: NOW }, 'finished'],
    [
      'but not by a message without a mark and with another payload',
      { ...bare, payload },
      { sentAt: LATE, payload: other },
      'finished',
    ],
    ['up to ten times', { ...named, redrives: 9 }, { deadLetterOf: 9 }, 'running'],
    [
      'but not if it failed for another reason',
      { ...failed, attemptsExhausted: undefined },
      { deadLetterOf: 0 },
      'finished',
    ],
    ['but not more than ten times', { ...named, redrives: 10 }, { deadLetterOf: 10 }, 'finished'],
  ])('%s', (_, record, brought, expected) => {
    const next = transition(record, { ...claim, ...brought }, LATE);
    expect('refused' in next ? next.refused : next.record.status).toBe(expected);
  });

  test('and a late note of its dead letter does not apply to the next one', () => {
    const noted = transition({ ...failed, redrives: 1 }, { type: 'dead_letter', redrives: 0 }, LATE);
    expect(noted).toEqual({ refused: 'finished' });
  });
});
