import { describe, expect, test } from 'vitest';
import {
  DownstreamUnavailable,
  RetryLater,
  ServiceRefused,
  ServiceUnavailable,
} from '../../../lib/core/base/errors.ts';
import { bodyOfResponse, QUOTED_BODY_BYTES } from '../../../lib/core/processor/response.ts';

const NOW = Date.UTC(2026, 0, 31, 12);

async function thrownBy(response: Response): Promise<unknown> {
  try {
    await bodyOfResponse(response, NOW);
  } catch (error) {
    return error;
  }
  throw new Error('it was a success');
}

function response(status: number, headers: Record<string, string> = {}): Response {
  return new Response('why', { status, headers });
}

test.each([300, 301, 304, 400, 401, 404, 409, 410, 422])('%i stays', async (status) => {
  const answer = status === 304 ? new Response(null, { status }) : response(status, { 'retry-after': '5' });
  const error = await thrownBy(answer);
  expect(error).toBeInstanceOf(ServiceRefused);
  expect(error).toMatchObject({
    code: 'service_refused',
    details: { status, body: status === 304 ? '' : 'why' },
  });
});

test.each([408, 425, 429, 500, 502, 504, 599])('%i may pass', async (status) => {
  const error = await thrownBy(response(status));
  expect(error).toBeInstanceOf(ServiceUnavailable);
  expect(error).toMatchObject({ message: `The service answered ${status}: why` });
});

test.each([408, 425, 429, 500])('%i with Retry-After waits as long', async (status) => {
  const error = await thrownBy(response(status, { 'retry-after': '120' }));
  expect(error).toBeInstanceOf(RetryLater);
  expect(error).toMatchObject({ delaySeconds: 120 });
});

test.each([
  [{}, undefined],
  [{ 'retry-after': '120' }, 120],
])('503 is something down, with %j to be asked again after %s s', async (headers, retryAfterSeconds) => {
  const error = await thrownBy(response(503, headers));
  expect(error).toBeInstanceOf(DownstreamUnavailable);
  expect(error).toMatchObject({ message: 'The service answered 503: why', retryAfterSeconds });
});

describe("a refusal's body", () => {
  function endless(chunk: unknown): { response: Response; cancelled: Promise<void> } {
    const { promise: cancelled, resolve } = Promise.withResolvers<void>();
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue(chunk),
      cancel: () => resolve(),
    });
    const made = new Response(null, { status: 400 });
    return { response: Object.defineProperty(made, 'body', { value: stream }), cancelled };
  }

  test.each([Buffer.alloc(1_000, 'x'), 'x'.repeat(1_000)])(
    'is quoted only at its beginning, and let go',
    async (chunk) => {
      const { response, cancelled } = endless(chunk);
      expect(await thrownBy(response)).toMatchObject({ details: { body: 'x'.repeat(QUOTED_BODY_BYTES) } });
      await cancelled;
    },
  );

  test('may break off: the status is what counts', async () => {
    async function* broken() {
      yield Buffer.from('why');
      throw new Error('broke off');
    }
    const error = await thrownBy(new Response(ReadableStream.from(broken()), { status: 400 }));
    expect(error).toMatchObject({ code: 'service_refused', details: { status: 400, body: 'why' } });
  });
});
