import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { JsonInvalid, JsonTooDeep, PayloadUsed } from '../../../lib/core/base/errors.ts';
import type { DecodedRequest } from '../../../lib/core/model/decoded-request.ts';
import type { Progress } from '../../../lib/core/model/request-record.ts';
import { openPayload } from '../../../lib/core/processor/payload.ts';
import { type HandlerContext, PayloadRequest } from '../../../lib/core/processor/request.ts';
import { MemoryPayloadStore } from '../../../lib/stores/memory/payload-store.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';

function requestFor(
  content: string | Uint8Array<ArrayBuffer>,
  logger = new CollectingLogger(),
  given: Partial<HandlerContext> = {},
) {
  return requestOf({ payload: { inline: content } }, logger, given);
}

async function requestOf(
  described: Pick<DecodedRequest, 'payload' | 'contentEncoding'>,
  logger = new CollectingLogger(),
  given: Partial<HandlerContext> = {},
) {
  const { signal } = new AbortController();
  const decoded = { id: 'r-1', source: '', metadata: { customer: '7' }, ...described };
  const limits = { maxPayloadBytes: 1_000, maxBufferedBytes: 1_000, claimCheckSources: [] };
  const payload = await openPayload(decoded, new MemoryPayloadStore(), limits, signal);
  return new PayloadRequest(payload, {
    id: 'r-1',
    tenant: 'acme',
    topic: 'images.thumbnail',
    traceparent: undefined,
    attempt: 2,
    secrets: {},
    deadline: new Date(5),
    signals: [signal],
    logger,
    maxJsonDepth: 3,
    state: undefined,
    onCheckpoint: async () => {},
    onComplete: async () => {},
    onProgress: () => {},
    ...given,
  });
}

test('says what is known of the request', async () => {
  expect(await requestFor('hello')).toMatchObject({
    id: 'r-1',
    tenant: 'acme',
    attempt: 2,
    secrets: {},
    deadline: new Date(5),
    size: 5,
    contentType: undefined,
    metadata: { customer: '7' },
  });
});

describe('the payload', () => {
  test('as text is UTF-8, without a byte order mark', async () => {
    expect(await (await requestFor(Buffer.from('\ufeffżółć'))).text()).toBe('żółć');
  });

  test('as JSON', async () => {
    expect(await (await requestFor('\ufeff{"x": [6]}')).json()).toEqual({ x: [6] });
  });

  test('that is no JSON, or nests too deep', async () => {
    await expect((await requestFor('{x: 6}')).json()).rejects.toThrow(JsonInvalid);
    await expect((await requestFor('[[[[]]]]')).json()).rejects.toThrow(JsonTooDeep);
  });

  test('as a web stream', async () => {
    expect(await new Response((await requestFor('hello')).stream()).text()).toBe('hello');
  });

  test('in every form, one after the other', async () => {
    const request = await requestFor('{"x":6}');
    expect(await request.json()).toEqual({ x: 6 });
    expect(await request.text()).toBe('{"x":6}');
    expect(String(await request.bytes())).toBe('{"x":6}');
    expect(await new Response(request.stream()).text()).toBe('{"x":6}');
  });
});

describe('the payload of a message whose decoding parsed it', () => {
  const value = { x: 6 };
  const payload = { inline: '{"x":6}', json: { value } };

  test('is not parsed again', async () => {
    const request = await requestOf({ payload });
    expect(await request.json()).toBe(value);
    expect(await request.json()).toBe(value);
  });

  test('can be had in every other form afterwards', async () => {
    const request = await requestOf({ payload });
    await request.json();
    expect(await new Response(request.stream()).text()).toBe('{"x":6}');
    expect(await request.text()).toBe('{"x":6}');
  });

  test('can not be had once it is streamed', async () => {
    const request = await requestOf({ payload });
    await new Response(request.stream()).text();
    await expect(request.json()).rejects.toThrow(PayloadUsed);
  });

  test('is another one when it is encoded', async () => {
    const request = await requestOf({ payload, contentEncoding: 'gzip' });
    await expect(request.json()).rejects.toMatchObject({ code: 'content_encoding_invalid' });
  });
});

describe('progress', () => {
  test('is logged with the request and the attempt', async () => {
    const logger = new CollectingLogger();
    (await requestFor('x', logger)).progress(0.5, 'halfway');
    expect(logger.lines).toEqual([
      {
        level: 'info',
        message: 'Progress',
        fields: { requestId: 'r-1', tenant: 'acme', attempt: 2, fraction: 0.5, note: 'halfway' },
      },
    ]);
  });

  test('is logged once a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const logger = new CollectingLogger();
    const request = await requestFor('x', logger);
    for (let row = 0; row <= 20; row++) {
      request.progress(row / 20);
      vi.advanceTimersByTime(100);
    }
    expect(logger.lines.map(({ fields }) => fields.fraction)).toEqual([0, 0.5, 1]);
  });

  test('is passed on', async () => {
    const made: Progress[] = [];
    const request = await requestFor('x', undefined, { onProgress: (progress) => made.push(progress) });
    request.progress(0);
    request.progress(1, 'done');
    expect(made).toEqual([{ fraction: 0 }, { fraction: 1, note: 'done' }]);
  });

  test.each([-0.1, 1.1, Number.NaN])('is no fraction: %d', async (fraction) => {
    const request = await requestFor('x');
    expect(() => request.progress(fraction)).toThrow(
      `progress() takes a fraction from 0 to 1, got ${fraction}`,
    );
  });
});

describe('the signal', () => {
  test.each([0, 1])('fires with whichever fires first: %i', async (index) => {
    const controllers = [new AbortController(), new AbortController()];
    const request = await requestFor('x', undefined, { signals: controllers.map(({ signal }) => signal) });
    const { signal } = request;
    expect(signal.aborted).toBe(false);
    controllers[index]?.abort();
    expect(signal.aborted).toBe(true);
    expect(request.signal).toBe(signal);
  });

  test('has fired if one had before it was looked at', async () => {
    const request = await requestFor('x', undefined, { signals: [AbortSignal.abort()] });
    expect(request.signal.aborted).toBe(true);
  });
});
