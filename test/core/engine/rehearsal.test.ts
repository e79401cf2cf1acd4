import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DownstreamUnavailable,
  PauseUntil,
  PermanentError,
  RetryLater,
} from '../../../lib/core/base/errors.ts';
import type { EngineSettings } from '../../../lib/core/config/engine-settings.ts';
import { Deadline } from '../../../lib/core/engine/deadline.ts';
import { Engine } from '../../../lib/core/engine/engine.ts';
import type { EnginePorts } from '../../../lib/core/engine/engine-ports.ts';
import { rehearse } from '../../../lib/core/engine/rehearsal.ts';
import type { RehearsedMessage } from '../../../lib/core/model/rehearsal.ts';
import { fromFetch } from '../../../lib/core/processor/from-fetch.ts';
import { defineProcessor, type Handler, type Processor } from '../../../lib/core/processor/handler.ts';
import { MemoryOutputQueue } from '../../../lib/stores/memory/output-queue.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { requestDelivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { START } from '../../support/test-clock.ts';

const ADD = { sqlite: () => expect.fail('A rehearsal made a write') };

/** A service whose requests have failed by their only attempt, with the message of the dead letter of each. */
async function deadLettered(ids: readonly string[] = ['r-1'], options: HarnessOptions = {}) {
  const harness = new EngineHarness(
    () => {
      throw new Error('before the fix');
    },
    { maxAttempts: 1, ...options },
  );
  const letters = ids.map((id) => requestDelivery(id, { id }));
  await harness.process(letters);
  harness.clock.advanceSeconds(60);
  return { harness, letters: letters.map(asPutBack) };
}

function asPutBack({ id, body, attributes }: RehearsedMessage): RehearsedMessage {
  return { id, body, attributes: { ...attributes, DeadLetterRedrives: '0' } };
}

function rehearseOn(
  processor: Handler | Processor,
  messages: readonly RehearsedMessage[],
  { settings, ...harness }: EngineHarness,
  { secondsLeft = 60, ports = {}, ...changed }: HarnessOptions & { readonly secondsLeft?: number } = {},
) {
  const { clock, random, store, records, output, logger } = harness;
  const definition = typeof processor === 'function' ? defineProcessor(processor) : processor;
  const own = { clock, random: random.next, store, records, output, logger };
  const parts = {
    newEngine: (...given: [EngineSettings, EnginePorts]) => new Engine(definition, ...given),
    settings: { ...settings, ...changed },
    ports: { ...own, ...ports },
    source: {
      maxDelaySeconds: 43_200,
      ordered: false,
      countsDeliveries: true,
      maxBytes: 1_048_576,
      maxDeliveries: 1,
    },
  };
  return rehearse(messages, parts, new Deadline(clock.now(), clock.now() + secondsLeft * 1000));
}

/** Rehearses one dead letter. @returns what would become of its request */
async function rehearsalOf(
  processor: Handler | Processor,
  options?: HarnessOptions & { secondsLeft?: number },
) {
  const { harness, letters } = await deadLettered();
  const [found] = await rehearseOn(processor, letters, harness, options);
  return found?.requests?.[0];
}

/** All that a harness holds outside of its process. */
function contentOf({ records, store, output, deadLetters }: EngineHarness): string {
  const objects = store.keys().map((key) => [key, store.object(key)]);
  return JSON.stringify([records.all(), objects, output.messages, deadLetters.messages]);
}

describe('what would become of a request', () => {
  test.each<[string, Handler, unknown]>([
    ['its handler returns a result', () => ({ total: 3 }), { result: 'succeeds' }],
    [
      'its handler completes it',
      (request) => request.complete(1, { ...ADD, dynamodb: [] }),
      { result: 'succeeds' },
    ],
    [
      'it fails for good',
      () => Promise.reject(new PermanentError('no', { code: 'no_paper' })),
      { result: 'fails', code: 'no_paper', message: 'no' },
    ],
    [
      'its attempt fails',
      () => Promise.reject(new TypeError('x is not a function')),
      { result: 'fails', code: 'TypeError', message: 'x is not a function' },
    ],
    [
      'it is to be retried',
      () => Promise.reject(new RetryLater(60)),
      { result: 'fails', code: 'retry_later' },
    ],
    [
      'what it calls is down',
      () => Promise.reject(new DownstreamUnavailable('down')),
      { result: 'fails', code: 'downstream_unavailable' },
    ],
    ['its result is none', () => new Map(), { result: 'fails', code: 'result_invalid' }],
    [
      'its stream breaks',
      async function* () {
        yield 'a'.repeat(1_000_000);
        throw new RangeError('broken');
      },
      { result: 'fails', code: 'RangeError' },
    ],
    ['its key pauses', () => Promise.reject(new PauseUntil(new Date(START + 1e9))), { result: 'undecided' }],
  ])('%s', async (_, handler, expected) => {
    expect(await rehearsalOf(handler)).toMatchObject({ id: 'r-1', source: '', ...Object(expected) });
  });

  test('it takes longer than the time that is left', async () => {
    const overrun: Handler = ({ signal }) =>
      sleep(60_000, undefined, { signal, ref: false }).catch(() => sleep(9_000));
    expect(await rehearsalOf(overrun, { secondsLeft: 1 })).toMatchObject({
      result: 'fails',
      code: 'attempt_timed_out',
    });
  });

  test('it goes on from a checkpoint later', async () => {
    const { harness, letters } = await deadLettered();
    const work: Handler = async (request) => {
      harness.clock.advanceSeconds(50);
      await request.checkpoint({ rows: 1 });
    };
    expect(await rehearseOn(work, letters, harness)).toMatchObject([
      { requests: [{ result: 'undecided', code: 'attempt_suspended' }] },
    ]);
  });

  test('its message is malformed', async () => {
    const { harness } = await deadLettered();
    const message = { id: 'm-1', body: '{"specversion":"1.0"}', attributes: {} };
    expect(await rehearseOn(() => 1, [message], harness)).toMatchObject([
      { messageId: 'm-1', requests: [{ result: 'fails', code: 'envelope_malformed' }] },
    ]);
  });

  test('an extended client stored its message', async () => {
    const { harness } = await deadLettered();
    harness.store.put('message', '{"large":true}');
    const pointer = [
      'software.amazon.payloadoffloading.PayloadS3Pointer',
      { s3BucketName: 'payloads', s3Key: 'message' },
    ];
    const message = { id: 'm-1', body: JSON.stringify(pointer), attributes: { RequestId: 'r-2' } };
    const seen: unknown[] = [];
    const handler: Handler = async (request) => seen.push(await request.json());
    expect(await rehearseOn(handler, [message], harness)).toMatchObject([
      { requests: [{ id: 'r-2', result: 'succeeds' }] },
    ]);
    expect(seen).toEqual([{ large: true }]);
  });

  test('its record says that it has succeeded in the meantime: its handler does not run', async () => {
    const harness = new EngineHarness(() => 'done');
    await harness.process([requestDelivery('r-1')]);
    const handler = () => expect.fail('It ran');
    expect(await rehearseOn(handler, [requestDelivery('r-1')], harness)).toMatchObject([
      { requests: [{ result: 'succeeds' }] },
    ]);
  });

  test('there is no time to start it', async () => {
    const { harness, letters } = await deadLettered();
    expect(await rehearseOn(() => 1, letters, harness, { secondsLeft: 0 })).toEqual([
      { messageId: 'message-r-1' },
    ]);
  });
});

describe('nothing changes', () => {
  test('whatever the handler does', async () => {
    const { harness, letters } = await deadLettered(['r-1', 'r-2']);
    harness.store.put('requests/x', 'kept');
    const before = contentOf(harness);
    const found = await rehearseOn(
      async (request) => {
        await request.checkpoint('c'.repeat(100_000));
        request.progress(0.5);
        if (request.id === 'r-2')
          await request.complete('r'.repeat(500_000), { dynamodb: [{ Put: { TableName: 't', Item: {} } }] });
        return 'r'.repeat(500_000);
      },
      letters,
      harness,
    );
    expect(found.map(({ requests }) => requests?.[0]?.result)).toEqual(['succeeds', 'succeeds']);
    expect(contentOf(harness)).toBe(before);
    expect(harness.records.items).toEqual([]);
  });

  test('writes for SQLite are dropped', async () => {
    const records = new MemoryRecordStore(new DatabaseSync(':memory:'));
    const { harness, letters } = await deadLettered(['r-1'], { ports: { records } });
    const handler: Handler = (request) => request.complete('done', ADD);
    expect(await rehearseOn(handler, letters, harness, { ports: { records } })).toMatchObject([
      { requests: [{ result: 'succeeds' }] },
    ]);
    expect(records.record('r-1')).toMatchObject({ status: 'failed' });
  });

  test('in any format of outcomes, and neither are pieces of a stream published', async () => {
    for (const outputFormat of ['raw', 'cloudevents-stream', 'truefoundry'] as const) {
      const { harness, letters } = await deadLettered(['r-1'], { outputFormat: 'cloudevents' });
      const before = contentOf(harness);
      const stream = async function* () {
        for (let piece = 0; piece < 10; piece++) yield 'é'.repeat(100_000);
      };
      expect(await rehearseOn(stream, letters, harness, { outputFormat })).toMatchObject([
        { requests: [{ result: 'succeeds' }] },
      ]);
      expect(contentOf(harness)).toBe(before);
    }
  });

  test('no webhook is enqueued, and no permit of a limit is taken', async () => {
    const webhooks = new MemoryOutputQueue();
    const { harness, letters } = await deadLettered();
    const limits = [{ key: 'all', concurrency: 1 }] as const;
    const options = { limits, webhookDefaultUrl: 'https://example.com/hook', ports: { webhooks } };
    expect(await rehearseOn((request) => request.progress(1), letters, harness, options)).toMatchObject([
      { requests: [{ result: 'succeeds' }] },
    ]);
    expect(webhooks.messages).toEqual([]);
  });
});

describe('the handler', () => {
  test('sees that it is a rehearsal, with the number that its attempt would have', async () => {
    const seen: unknown[] = [];
    const note: Handler = ({ isRehearsal, attempt }) => seen.push({ isRehearsal, attempt });
    await rehearsalOf(note);
    await new EngineHarness(note).process([requestDelivery('r-1')]);
    expect(seen).toEqual([
      { isRehearsal: true, attempt: 2 },
      { isRehearsal: false, attempt: 1 },
    ]);
  });

  test('goes on from the checkpoint of an earlier attempt, and gets the secrets', async () => {
    const harness = new EngineHarness(
      async (request) => {
        await request.checkpoint({ rows: 7 });
        throw new Error('before the fix');
      },
      { maxAttempts: 1 },
    );
    const message = requestDelivery('r-1');
    await harness.process([message]);
    const seen: unknown[] = [];
    const handler: Handler = ({ state, secrets }) => seen.push({ state, secrets });
    const secrets = { read: async () => ({ key: 's3cret' }), doubt: () => {} };
    const processor = { handler, secrets: ['key'] };
    await rehearseOn(processor, [asPutBack(message)], harness, { ports: { secrets } });
    expect(seen).toEqual([{ state: { rows: 7 }, secrets: { key: 's3cret' } }]);
  });

  test('is an application that sees it by a header', async () => {
    const seen: unknown[] = [];
    const handler = fromFetch(({ headers }) => {
      seen.push(headers.get('coatcheck-rehearsal'));
      return new Response();
    });
    expect(await rehearsalOf(handler)).toMatchObject({ result: 'succeeds' });
    await new EngineHarness(handler).process([requestDelivery('r-1')]);
    expect(seen).toEqual(['true', null]);
  });

  test('logs lines that say so', async () => {
    const { harness, letters } = await deadLettered();
    await rehearseOn(({ logger }) => logger.info('Working'), letters, harness);
    expect(harness.logger.lines.at(-1)).toMatchObject({ message: 'Working', fields: { rehearsal: true } });
  });
});

test('foretells what becomes of requests that are put back', async () => {
  const ends: readonly Handler[] = [
    () => 'done',
    () => Promise.reject(new PermanentError('no', { code: 'no_paper' })),
    () => Promise.reject(new RangeError('out of range')),
    () => new Map(),
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(ends.length - 1), { minLength: 1, maxLength: 20 }), async (chosen) => {
      const { harness, letters } = await deadLettered(chosen.map((_, index) => `r-${index}`));
      const handler: Handler = (request) => ends[chosen[Number(request.id.slice(2))] ?? 0]?.(request);
      const foretold = await rehearseOn(handler, letters, harness);
      const { records, store, clock } = harness;
      const after = new EngineHarness(handler, { maxAttempts: 1, ports: { records, store, clock } });
      await after.process(
        letters.map((letter) => requestDelivery('', {}, { ...letter, sentAt: clock.now() })),
      );
      for (const [index, { requests }] of foretold.entries()) {
        const record = records.record(`r-${index}`);
        expect(requests?.[0]?.result).toBe(record?.status === 'succeeded' ? 'succeeds' : 'fails');
      }
    }),
    { numRuns: 20 },
  );
});
