import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import type { Handler } from '../../../lib/core/processor/handler.ts';
import { delivery } from '../../support/delivery.ts';
import { EngineHarness, type HarnessOptions } from '../../support/engine-harness.ts';
import { inOrderOfNames, TRUEFOUNDRY_SAMPLES } from '../../support/truefoundry-samples.ts';

const truefoundry = { outputFormat: 'truefoundry' } as const;

/** Runs one message. @returns the bodies of the published messages */
async function published(
  handler: Handler,
  body: string,
  { secondsLeft, ...options }: HarnessOptions & { readonly secondsLeft?: number } = {},
): Promise<{ readonly bodies: string[]; readonly harness: EngineHarness }> {
  const harness = new EngineHarness(handler, { ...truefoundry, ...options });
  await harness.process([delivery(body)], secondsLeft);
  return { bodies: harness.output.messages.map((message) => message.body), harness };
}

/** The processor that the samples were made with. */
const sampled: Handler = async (request) => {
  const { do: what, value, x, y } = (await request.json()) as Record<string, number>;
  switch (String(what)) {
    case 'value':
      return value;
    case 'raise':
      throw new Error('böse');
    case 'generate':
      return (function* () {
        yield { n: 1 };
        yield 'zwei';
        yield null;
      })();
    case 'set':
      return new Set([1]);
    default:
      return Number(x) * Number(y);
  }
};

describe('what async-processor 1.0.0 wrote', () => {
  const samples = TRUEFOUNDRY_SAMPLES.filter(({ from, out }) => from === 'worker' && out.length > 0);
  test.each(samples)('for $case', async (sample) => {
    const { bodies } = await published(sampled, sample.in, { maxAttempts: 1 });
    expect(bodies.map(inOrderOfNames)).toEqual(sample.out.map(inOrderOfNames));
  });

  const dropped = TRUEFOUNDRY_SAMPLES.filter(({ from, out }) => from === 'worker' && out.length === 0);
  test.each(dropped)('nothing for $case, which fails here', async (sample) => {
    const { bodies, harness } = await published(sampled, sample.in, { maxAttempts: 1 });
    const { tfy_request_id } = JSON.parse(sample.in);
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
      {
        request_id: tfy_request_id,
        status: 'FAILED',
        body: null,
        error: expect.stringMatching(/Set|hyphens/),
      },
    ]);
    expect(harness.deadLetters.messages).toEqual([]);
  });
});

const message = (fields: object, body: object = { x: 1 }) => JSON.stringify({ ...fields, ...body });

test('the attribute RequestId has the id of a message without one', async () => {
  const { harness } = await published(() => 1, '{"x":1}');
  expect(harness.output.messages).toMatchObject([
    { body: expect.stringContaining('"request_id":null'), attributes: { RequestId: { value: 'message-1' } } },
  ]);
});

test('a repeated id is the same request, and its outcome is published again', async () => {
  let runs = 0;
  const harness = new EngineHarness(() => ++runs, truefoundry);
  const first = delivery(message({ tfy_request_id: 'a', tfy_published_at_epoch_ns: 1 }), { id: 'm-1' });
  const second = delivery(message({ tfy_request_id: 'a', tfy_published_at_epoch_ns: 2 }), { id: 'm-2' });
  await harness.process([first]);
  await harness.process([second]);
  expect(runs).toBe(1);
  expect(harness.output.messages.map(({ body }) => JSON.parse(body).body)).toEqual([1, 1]);
});

test('a failure that is published again has the input of the message at hand', async () => {
  const harness = new EngineHarness(() => {
    throw new PermanentError('no');
  }, truefoundry);
  const body = message({ tfy_request_id: 'a' });
  await harness.process([delivery(body, { id: 'm-1' })]);
  await harness.process([delivery(body, { id: 'm-2' })]);
  const [first, again] = harness.output.messages.map((each) => each.body);
  expect(JSON.parse(first ?? '').input_message).toMatchObject({ tfy_request_id: 'a', x: 1 });
  expect(again).toBe(first);
});

test.each(['abc', null])('a dead letter of the request %j runs again as that request', async (id) => {
  const attempts: number[] = [];
  const harness: EngineHarness = new EngineHarness(
    (request) => {
      attempts.push(request.attempt);
      if (attempts.length === 1) throw new Error('out of paper');
      return 'printed';
    },
    { ...truefoundry, maxAttempts: 1 },
  );
  const body = message({ tfy_request_id: id });
  await harness.process([delivery(body)]);
  const [letter] = harness.deadLetters.messages;
  expect(letter?.body).toBe(body);
  const attributes = Object.fromEntries(
    Object.entries(letter?.attributes ?? {}).map(([name, { value }]) => [name, String(value)]),
  );
  const sentAt = harness.clock.now() + 1;
  await harness.process([delivery(body, { id: 'message-2', attributes, sentAt })]);
  expect(attempts).toEqual([1, 2]);
  // The dead letter names the request, which its message didn't.
  expect(harness.output.messages.map((each) => JSON.parse(each.body))).toMatchObject([
    { request_id: id, status: 'FAILED', error: 'out of paper', input_message: { tfy_request_id: id, x: 1 } },
    { request_id: id ?? 'message-1', status: 'SUCCESS', body: 'printed' },
  ]);
});

test.each([['expired', { ExpiresAt: '2020-01-01T00:00:00Z' }, 'time was over']])(
  'a request that is %s is a failure with a text',
  async (_, attributes, text) => {
    const harness = new EngineHarness(() => 1, truefoundry);
    await harness.process([delivery(message({ tfy_request_id: 'a' }), { attributes })]);
    expect(JSON.parse(harness.output.messages[0]?.body ?? '')).toMatchObject({
      status: 'FAILED',
      error: expect.stringContaining(text),
      input_message: { tfy_request_id: 'a', x: 1 },
    });
  },
);

describe('a result', () => {
  test.each([
    ['text', () => Buffer.from('häh'), 'häh'],
    ['JSON in a Blob', () => new Blob(['{"a":1}'], { type: 'application/json' }), { a: 1 }],
    ['a response', () => Response.json({ a: 1 }), '{"a":1}'],
    ['nothing', () => undefined, null],
  ])('that is %s is published', async (_, handler, body) => {
    const { bodies } = await published(handler, '{"x":1}');
    expect(bodies.map((each) => JSON.parse(each))).toMatchObject([{ status: 'SUCCESS', body }]);
  });

  test('that is not text fails', async () => {
    const { bodies } = await published(() => Buffer.from([0x61, 0xff]), '{"x":1}');
    expect(bodies.map((each) => JSON.parse(each))).toMatchObject([
      {
        status: 'FAILED',
        body: null,
        error: expect.stringContaining("isn't text in UTF-8"),
        input_message: { x: 1 },
      },
    ]);
  });

  test.each([
    ['text', () => 'x'.repeat(2_000_000)],
    ['a stream', () => new Blob(['x'.repeat(2_000_000)]).stream()],
  ])('that fits no message fails: %s', async (_, handler) => {
    const { bodies, harness } = await published(handler, '{"x":1}');
    expect(bodies.map((each) => JSON.parse(each))).toMatchObject([
      {
        status: 'FAILED',
        error: expect.stringMatching(/^The result doesn't fit an outcome of at most \d+ bytes/),
      },
    ]);
    expect(harness.deadLetters.messages).toEqual([]);
  });

  test('above the inline limit is published, since there are no references', async () => {
    const { bodies } = await published(() => 'x'.repeat(900_000), '{"x":1}');
    expect(JSON.parse(bodies[0] ?? '')).toMatchObject({ status: 'SUCCESS', body: 'x'.repeat(900_000) });
  });
});

test('a failure whose input is too large for a message is published without it', async () => {
  const harness = new EngineHarness(() => {
    throw new PermanentError('no');
  }, truefoundry);
  const input = message({ tfy_request_id: 'a' }, { text: 'x'.repeat(harness.output.maxMessageBytes) });
  await harness.process([delivery(input)]);
  expect(harness.output.messages.map(({ body }) => JSON.parse(body))).toMatchObject([
    { request_id: 'a', status: 'FAILED', error: 'no', input_message: null },
  ]);
});

describe('a stream', () => {
  const streamed = message({ tfy_request_id: 's', tfy_stream_response: true });
  const data = (body: string) => JSON.parse(body).body?.data;

  test('is published chunk by chunk, each before the next one is read', async () => {
    const seen: number[] = [];
    const harness: EngineHarness = new EngineHarness(
      () =>
        new ReadableStream(
          {
            pull(controller) {
              seen.push(harness.output.messages.length);
              if (seen.length > 3) controller.close();
              else controller.enqueue(Buffer.from(`${seen.length} ä`));
            },
          },
          { highWaterMark: 0 },
        ),
      truefoundry,
    );
    await harness.process([delivery(streamed)]);
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(harness.output.messages.map(({ body }) => body)).toEqual(
      [1, 2, 3].map(
        (n) =>
          `{"request_id":"s","status":"SUCCESS","body":{"data":"${n} ä","is_eof":null},"error":null,"input_message":null,"status_code":null,"content_type":null}`,
      ),
    );
    expect(harness.output.messages[2]?.attributes).toMatchObject({
      RequestId: { value: 's' },
      Attempt: { value: '1' },
      Sequence: { value: '3' },
    });
  });

  test('is split between characters', async () => {
    const text = 'ä😀'.repeat(400_000);
    const bytes = Buffer.from(text);
    const chunks = [bytes.subarray(0, 5), bytes.subarray(5, 900_001), bytes.subarray(900_001)];
    const { bodies } = await published(() => ReadableStream.from(chunks), streamed);
    expect(bodies.map(data).join('')).toBe(text);
    expect(bodies.every((body) => body.isWellFormed())).toBe(true);
    expect(bodies.length).toBeGreaterThan(3);
  });

  test('of bytes by a generator is text, item by item', async () => {
    const parts = async function* () {
      yield Buffer.from('hä');
      yield new Uint8Array([0xff]);
    };
    const { bodies } = await published(parts, message({ tfy_request_id: 's' }));
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
      { status: 'SUCCESS', body: 'hä' },
      { status: 'FAILED', error: expect.stringContaining("isn't text in UTF-8") },
    ]);
  });

  test('of an attempt whose time is over is published again, under the number of the next one', async () => {
    const { bodies, harness } = await published(
      (request) =>
        ReadableStream.from(
          (async function* () {
            yield Buffer.from(`${request.attempt}a`);
            if (request.attempt === 1) await once(request.signal, 'abort');
            request.signal.throwIfAborted();
            yield Buffer.from(`${request.attempt}b`);
          })(),
        ),
      streamed,
      { secondsLeft: 1 },
    );
    expect(bodies.map(data)).toEqual(['1a']);
    harness.clock.advanceSeconds(120);
    await harness.processElsewhere([delivery(streamed, { deliveryCount: 2 })]);
    expect(
      harness.output.messages.map(({ body, attributes }) => [
        data(body),
        attributes.Attempt?.value,
        attributes.Sequence?.value,
      ]),
    ).toEqual([
      ['1a', '1', '1'],
      ['2a', '2', '1'],
      ['2b', '2', '2'],
    ]);
  });

  test('that ended when its outcome could not be recorded is not published again', async () => {
    let runs = 0;
    const harness: EngineHarness = new EngineHarness(() => {
      runs++;
      harness.records.faults.inject('write', 'fails before', 'fails before', 'fails before');
      return new Response('a');
    }, truefoundry);
    expect(await harness.process([delivery(streamed)])).toEqual(['message-1']);
    harness.records.faults.clear('write');
    harness.clock.advanceSeconds(120);
    expect(await harness.process([delivery(streamed, { deliveryCount: 2 })])).toEqual([]);
    expect(runs).toBe(1);
    expect(harness.output.messages.map(({ body }) => data(body))).toEqual(['a']);
  });

  test('that breaks ends with a failure after its parts', async () => {
    const parts = async function* () {
      yield { n: 1 };
      throw new Error('böse');
    };
    const { bodies } = await published(parts, message({ tfy_request_id: 's' }));
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
      { status: 'SUCCESS', body: { n: 1 } },
      { status: 'FAILED', body: null, error: 'böse', input_message: { tfy_request_id: 's', x: 1 } },
    ]);
  });

  test('that breaks before its first part is retried', async () => {
    let attempts = 0;
    const { bodies, harness } = await published(() => {
      attempts++;
      return ReadableStream.from(
        (async function* () {
          if (attempts === 1) throw new Error('not yet');
          yield Buffer.from('there');
        })(),
      );
    }, streamed);
    expect(bodies).toEqual([]);
    await harness.process([delivery(streamed, { deliveryCount: 2 })]);
    expect(harness.output.messages.map(({ body }) => data(body))).toEqual(['there']);
    expect(harness.output.messages[0]?.attributes).toMatchObject({ Attempt: { value: '2' } });
  });

  test('without parts is one empty part', async () => {
    const { bodies } = await published(() => new Response(''), streamed);
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
      { body: { data: '', is_eof: null }, status_code: '200' },
    ]);
  });

  test('that is not text fails after its parts', async () => {
    const chunks = [Buffer.from('a'), Buffer.from([0xff])];
    const { bodies } = await published(() => ReadableStream.from(chunks), streamed);
    expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
      { status: 'SUCCESS', body: { data: 'a' } },
      { status: 'FAILED', error: expect.stringContaining("isn't text in UTF-8") },
    ]);
  });

  test('is one result for a request that does not ask for parts, and for a value', async () => {
    const chunks = [Buffer.from('a'), Buffer.from('b')];
    const whole = await published(() => ReadableStream.from(chunks), message({ tfy_request_id: 's' }));
    expect(whole.bodies.map((body) => JSON.parse(body).body)).toEqual(['ab']);
    const value = await published(() => ({ a: 1 }), streamed);
    expect(value.bodies.map((body) => JSON.parse(body).body)).toEqual([{ a: 1 }]);
  });

  test('that ended is not published again', async () => {
    const { harness } = await published(() => new Response('a'), streamed);
    await harness.process([delivery(streamed, { id: 'm-2' })]);
    expect(harness.output.messages).toHaveLength(1);
  });

  test('of another output format is one result', async () => {
    const harness = new EngineHarness(() => new Response('a'));
    await harness.process([delivery(streamed)]);
    expect(harness.event).toMatchObject({ type: 'coatcheck.request.succeeded', subject: 's' });
  });
});
