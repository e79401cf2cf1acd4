import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  IdempotencyKeyBusy,
  IdempotencyKeyTaken,
  RequestIdBusy,
  RequestIdTaken,
} from '../../../lib/core/intake/errors.ts';
import type { SubmitRequest } from '../../../lib/core/intake/submissions.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import { type Fault, Faults, InjectedFault } from '../../../lib/stores/memory/faults.ts';
import { SubmissionService, type TakingCall } from '../../support/submission-service.ts';
import { START } from '../../support/test-clock.ts';

const DAY_SECONDS = 86_400;

/** Longest time for which a client may have to repeat its submission. */
const BUSY_SECONDS = 30;

const LARGE = Buffer.alloc(200, 'x');

/** A service with faults on its submitting side; it stores payloads over 100 bytes. */
function faultyService() {
  const faults = new Faults<TakingCall>();
  const around = <Value>(call: TakingCall, effect: () => Promise<Value>) => faults.around(call, effect);
  return { faults, service: new SubmissionService({ around, settings: { inlineLimitBytes: 100 } }) };
}

/** The answer to a client that hangs up once nothing more happens. All ports are in memory: a call hangs at once. */
async function answered(
  taking: Promise<RequestRecord>,
): Promise<RequestRecord | 'busy' | 'failed' | 'nothing'> {
  const answer = taking.catch((error: unknown) => {
    if (error instanceof InjectedFault) return 'failed' as const;
    if (!(error instanceof IdempotencyKeyBusy || error instanceof RequestIdBusy)) throw error;
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(error.retryAfterSeconds).toBeLessThanOrEqual(BUSY_SECONDS);
    return 'busy' as const;
  });
  return Promise.race([answer, setImmediate('nothing' as const)]);
}

/** Repeats a submission, as soon as it may, until it gets an answer. @returns the id, and the seconds it took */
async function insisted(service: SubmissionService, given: Partial<SubmitRequest>) {
  for (let seconds = 0; ; seconds++) {
    const answer = await answered(service.submit(given));
    if (typeof answer === 'object') return { id: answer.request.id, seconds };
    expect(seconds).toBeLessThan(BUSY_SECONDS);
    service.harness.clock.advanceSeconds(1);
  }
}

/** A name that makes repeated submissions one request, and the errors for its other uses. */
const NAMES = [
  [{ idempotencyKey: 'k' }, IdempotencyKeyTaken, IdempotencyKeyBusy],
  [{ id: 'order-17' }, RequestIdTaken, RequestIdBusy],
] as const;

describe.each(NAMES)('fault 1: concurrent submits with %o', (name, _, Busy) => {
  test('slow calls in any order give one ticket and one run', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 2, max: 12 }),
        fc.boolean(),
        async (scheduler, clients, stored) => {
          const service = new SubmissionService({
            around: (call, effect) => scheduler.schedule(Promise.resolve(), call).then(effect),
            settings: { inlineLimitBytes: 100 },
          });
          const given = { ...name, payload: stored ? LARGE : Buffer.from('hello') };
          const answers = Promise.all(
            Array.from({ length: clients }, () => answeredInTime(service.submit(given))),
          );
          await scheduler.waitFor(answers);
          const tickets = new Set((await answers).filter((answer) => answer !== 'busy'));
          expect(tickets.size).toBe(1);
          const again = service.submit(given);
          await scheduler.waitFor(again);
          expect(tickets).toEqual(new Set([(await again).request.id]));

          const taking = service.queue.sent.length;
          await service.deliver(2);
          expect(service.runs.map(({ id }) => id)).toEqual([...tickets]);
          expect(service.harness.records.all()).toHaveLength(1);
          expect(taking).toBe(1);
        },
      ),
      { numRuns: 200 },
    );
  });

  /** The ticket, or `busy` when the client must ask again. */
  async function answeredInTime(taking: Promise<RequestRecord>): Promise<string> {
    return taking.then(
      ({ request }) => request.id,
      (error: unknown) => {
        if (error instanceof Busy) return 'busy';
        throw error;
      },
    );
  }

  test('fifty submissions at once are one request', async () => {
    const service = new SubmissionService();
    await Promise.all(Array.from({ length: 50 }, () => answeredInTime(service.submit(name))));
    await service.deliver();
    expect(service.runs).toHaveLength(1);
  });

  test('of different tenants, or with and without a tenant, are separate requests', async () => {
    const service = new SubmissionService();
    const tenants = ['acme', 'other', undefined, '', 'undefined', 'null'];
    for (const tenant of tenants) await service.submit({ tenant, ...name });
    expect(service.inFlight).toHaveLength(tenants.length);
  });
});

describe('fault 2: the key is reused for a different submission', () => {
  const FIRST = { idempotencyKey: 'k', metadata: { a: 'b', c: 'd' }, expiresAt: START + 60_000 };

  test.each<[string, Partial<SubmitRequest>]>([
    ['body', { payload: Buffer.from('hello!') }],
    ['body of equal length', { payload: Buffer.from('hellO') }],
    ['large body', { payload: LARGE }],
    ['content type', { contentType: 'text/plain; charset=utf-8' }],
    ['note', { metadata: { a: 'b', c: 'e' } }],
    ['number of notes', { metadata: { a: 'b' } }],
    ['division of notes', { metadata: { a: 'b","c', d: '' } }],
    ['expiry', { expiresAt: START + 60_001 }],
    ['expiry (none)', { expiresAt: undefined }],
  ])('a different %s is refused and starts no work', async (_, other) => {
    const { service } = faultyService();
    await service.submit(FIRST);
    await expect(service.submit({ ...FIRST, ...other })).rejects.toThrow(IdempotencyKeyTaken);
    expect(service.queue.sent).toHaveLength(1);
    expect(service.harness.records.all()).toHaveLength(1);
    expect(service.harness.store.keys()).toEqual([]);
    // Both while the first request is queued and long after it has ended.
    await service.deliver();
    service.harness.clock.advanceSeconds(30);
    await expect(service.submit({ ...FIRST, ...other })).rejects.toThrow(IdempotencyKeyTaken);
    expect(service.runs).toHaveLength(1);
  });

  test('a submission that differs only in its trace and the order of its notes is the same request', async () => {
    const service = new SubmissionService();
    const { request } = await service.submit(FIRST);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const again = await service.submit({ ...FIRST, metadata: { c: 'd', a: 'b' }, traceparent });
    expect(again.request.id).toBe(request.id);
    expect(service.queue.sent).toHaveLength(1);
  });

  test('the key does not confuse a body with a note', async () => {
    const service = new SubmissionService();
    await service.submit({ idempotencyKey: 'k', metadata: {}, payload: Buffer.from('[]') });
    const moved = {
      idempotencyKey: 'k',
      metadata: {},
      payload: Buffer.from('"]'),
      contentType: 'text/plain",[',
    };
    await expect(service.submit(moved)).rejects.toThrow(IdempotencyKeyTaken);
  });

  test('a key belongs to its request for a day, then it is free', async () => {
    const service = new SubmissionService();
    const { request } = await service.submit({ idempotencyKey: 'k' });
    await service.deliver();
    service.harness.clock.advanceSeconds(DAY_SECONDS - 0.001);
    expect(await service.submit({ idempotencyKey: 'k' })).toMatchObject({ status: 'succeeded', request });
    await expect(service.submit({ idempotencyKey: 'k', payload: LARGE })).rejects.toThrow(
      IdempotencyKeyTaken,
    );
    service.harness.clock.advanceSeconds(0.001);
    const later = await service.submit({ idempotencyKey: 'k', payload: LARGE });
    expect(later.request.id).not.toBe(request.id);
    await service.deliver();
    expect(service.runs).toHaveLength(2);
  });
});

const CALLS: readonly TakingCall[] = ['take', 'save', 'send', 'write'];
const FAULTS: readonly Fault[] = ['fails before', 'fails after', 'never answers'];
const BROKEN = CALLS.flatMap((call) => FAULTS.map((fault) => [call, fault] as const));

describe('fault 3: the service crashes between two steps of a submission', () => {
  test.each(BROKEN)(
    '%s %s: no request is stranded, and the retry gives one request and one run',
    async (call, fault) => {
      const { faults, service } = faultyService();
      const given = { idempotencyKey: 'k', payload: LARGE };
      faults.inject(call, fault);
      await answered(service.submit(given));
      expect(service.stranded).toEqual([]);
      const { id } = await insisted(service, given);
      expect(service.stranded).toEqual([]);
      await service.deliver();
      expect(service.runs.map((run) => run.id)).toEqual([id]);
      expect(service.runs[0]?.text).toBe(LARGE.toString());
      expect(service.harness.records.all()).toMatchObject([
        { record: { status: 'succeeded', request: { id } } },
      ]);
    },
  );

  test.each(BROKEN)('%s %s: the retry finds the run that its message started before', async (call, fault) => {
    const { faults, service } = faultyService();
    const given = { idempotencyKey: 'k', payload: LARGE };
    faults.inject(call, fault);
    await answered(service.submit(given));
    await service.deliver(2);
    const begun = service.runs.map((run) => run.id);
    const { id, seconds } = await insisted(service, given);
    await service.deliver();
    expect(service.runs.map((run) => run.id)).toEqual([id]);
    if (begun.length > 0) expect([begun, seconds]).toEqual([[id], 0]);
  });

  test.each(BROKEN)('%s %s: without a key, too, every record has a message', async (call, fault) => {
    const { faults, service } = faultyService();
    faults.inject(call, fault);
    const answer = await answered(service.submit({ payload: LARGE }));
    expect(service.stranded).toEqual([]);
    if (typeof answer === 'object') expect(service.inFlight).toEqual([answer.request.id]);
    const sent = service.inFlight;
    await service.deliver();
    expect(service.runs.map(({ id }) => id)).toEqual(sent);
  });

  test.each(BROKEN)('twice in a row, %s %s: the third try succeeds', async (call, fault) => {
    const { faults, service } = faultyService();
    const given = { idempotencyKey: 'k', payload: LARGE };
    faults.inject(call, fault, fault);
    await answered(service.submit(given));
    service.harness.clock.advanceSeconds(BUSY_SECONDS);
    await answered(service.submit(given));
    service.harness.clock.advanceSeconds(BUSY_SECONDS);
    const { id } = await insisted(service, given);
    await service.deliver(2);
    expect(service.runs.map((run) => run.id)).toEqual([id]);
  });
});

describe('a submission with an id', () => {
  test.each(BROKEN)('%s %s: the retry gives one request with the id, and one run', async (call, fault) => {
    const { faults, service } = faultyService();
    const given = { id: 'order-17', payload: LARGE };
    faults.inject(call, fault);
    await answered(service.submit(given));
    expect(service.stranded).toEqual([]);
    expect(await insisted(service, given)).toMatchObject({ id: 'order-17' });
    await service.deliver(2);
    expect(service.runs).toMatchObject([{ id: 'order-17', text: LARGE.toString() }]);
    expect(service.harness.records.all()).toHaveLength(1);
  });

  test('is the same request for as long as it is kept; the id is free after twice that time', async () => {
    const service = new SubmissionService();
    const { recordAgeDays } = service.harness.settings;
    const { request } = await service.submit({ id: 'order-17' });
    await service.deliver();
    service.harness.clock.advanceSeconds(recordAgeDays * DAY_SECONDS - 0.001);
    expect(await service.submit({ id: 'order-17' })).toMatchObject({ status: 'succeeded', request });
    await expect(service.submit({ id: 'order-17', payload: LARGE })).rejects.toThrow(RequestIdTaken);
    // The record is deleted, and the id remembered: the record could have been changed until its age.
    service.harness.clock.advanceSeconds(recordAgeDays * DAY_SECONDS - 0.001);
    await expect(service.submit({ id: 'order-17', payload: LARGE })).rejects.toThrow(RequestIdTaken);
    service.harness.clock.advanceSeconds(0.002);
    await service.submit({ id: 'order-17', payload: LARGE });
    await service.deliver();
    expect(service.runs).toHaveLength(2);
  });

  test('does not have the id of a message, however often it is repeated', async () => {
    const service = new SubmissionService();
    const { request } = await service.submit();
    for (const seconds of [0, 1, BUSY_SECONDS]) {
      service.harness.clock.advanceSeconds(seconds);
      await expect(service.submit({ id: request.id })).rejects.toThrow(RequestIdTaken);
    }
    expect(service.queue.sent).toHaveLength(1);
  });

  test('of one tenant is another request than that of another, with its own payload', async () => {
    const { service } = faultyService();
    const texts = new Map(['acme', 'other', undefined].map((tenant) => [tenant, `${tenant} ${LARGE}`]));
    for (const [tenant, text] of texts) {
      await service.submit({ id: '../order-17', tenant, payload: Buffer.from(text) });
    }
    await service.deliver();
    expect(new Map(service.runs.map(({ tenant, text }) => [tenant, text]))).toEqual(texts);
    expect(service.harness.store.keys().join()).not.toContain('..');
  });

  test('does not share its name with an idempotency key', async () => {
    const service = new SubmissionService();
    await service.submit({ idempotencyKey: 'id order-17' });
    await service.submit({ idempotencyKey: 'order-17' });
    await service.submit({ id: 'order-17', payload: LARGE });
    expect(service.queue.sent).toHaveLength(3);
  });
});

describe('fault 4: the message is sent, but no response', () => {
  test('with a record, the retry gets the same ticket at once', async () => {
    const service = new SubmissionService();
    const { request } = await service.submit({ idempotencyKey: 'k' });
    expect((await service.submit({ idempotencyKey: 'k' })).request).toEqual(request);
    expect(service.queue.sent).toHaveLength(1);
  });

  test('without a record, retries are refused as busy for half a minute, then accepted under the same id', async () => {
    const { faults, service } = faultyService();
    faults.inject('write', 'never answers');
    expect(await answered(service.submit({ idempotencyKey: 'k' }))).toBe('nothing');
    const [id] = service.inFlight;
    for (const seconds of [0, 1, 28.999]) {
      service.harness.clock.advanceSeconds(seconds);
      expect(await answered(service.submit({ idempotencyKey: 'k' }))).toBe('busy');
    }
    service.harness.clock.advanceSeconds(0.001);
    expect(await service.submit({ idempotencyKey: 'k' })).toMatchObject({
      request: { id },
      createdAt: START,
    });
    expect(service.inFlight).toEqual([id, id]);
    await service.deliver();
    expect(service.runs).toHaveLength(1);
  });

  test('a submission that is only slow is still the same request after its time is over', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let sends = 0;
    const service = new SubmissionService({
      around: async (call, effect) => {
        if (call === 'send' && ++sends === 1) await promise;
        return effect();
      },
    });
    const slow = service.submit({ idempotencyKey: 'k' });
    await setImmediate();
    service.harness.clock.advanceSeconds(BUSY_SECONDS);
    const { request } = await service.submit({ idempotencyKey: 'k' });
    await service.deliver();
    resolve();
    expect((await slow).request).toEqual(request);
    await service.deliver();
    expect(service.runs).toHaveLength(1);
    expect(service.harness.records.record(request.id)?.status).toBe('succeeded');
  });
});

/** An event in the life of a service. */
type Happening =
  | {
      readonly type: 'submit';
      readonly key: string;
      readonly faults: readonly (readonly [TakingCall, Fault])[];
    }
  | { readonly type: 'deliver'; readonly times: number }
  | { readonly type: 'pass'; readonly seconds: number };

const KEYS = ['one', 'two', 'three'];

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('submit' as const),
      key: fc.constantFrom(...KEYS),
      faults: fc.array(
        fc.tuple(fc.constantFrom<TakingCall>(...CALLS, 'read'), fc.constantFrom<Fault>(...FAULTS, 'works')),
        { maxLength: 4 },
      ),
    }),
  },
  fc.record({ type: fc.constant('deliver' as const), times: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ type: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 45 }) }),
);

test('with any faults, a client that keeps retrying gets one request and one run, and no accepted request is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happenings, { maxLength: 25 }), async (history) => {
      const { faults, service } = faultyService();
      const tickets = new Map<string, Set<string>>(KEYS.map((key) => [key, new Set()]));
      const given = (key: string) => ({
        idempotencyKey: key,
        payload: key === 'two' ? LARGE : Buffer.from(key),
      });
      const nothingIsLost = () => {
        expect(service.stranded).toEqual([]);
        for (const id of [...tickets.values()].flatMap((ids) => [...ids])) {
          const isOver = service.harness.records.record(id)?.outcome !== undefined;
          expect(isOver || service.inFlight.includes(id)).toBe(true);
        }
      };
      for (const happening of history) {
        if (happening.type === 'submit') {
          for (const [call, fault] of happening.faults) faults.inject(call, fault);
          const answer = await answered(service.submit(given(happening.key)));
          if (typeof answer === 'object') tickets.get(happening.key)?.add(answer.request.id);
        } else if (happening.type === 'deliver') {
          await service.deliver(happening.times);
        } else {
          service.harness.clock.advanceSeconds(happening.seconds);
        }
        nothingIsLost();
      }
      for (const call of [...CALLS, 'read'] as const) faults.clear(call);
      for (const key of KEYS) {
        tickets.get(key)?.add((await insisted(service, given(key))).id);
        nothingIsLost();
      }
      await service.deliver(2);
      nothingIsLost();
      expect([...tickets.values()].map(({ size }) => size)).toEqual([1, 1, 1]);
      const ran = service.runs.map(({ id, text }) => [text, id]);
      const wanted = KEYS.map((key) => [given(key).payload.toString(), ...(tickets.get(key) ?? [])]);
      expect(ran.toSorted()).toEqual(wanted.toSorted());
    }),
    { numRuns: 400 },
  );
});
