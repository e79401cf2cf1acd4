import { createHash } from 'node:crypto';
import { openAsBlob, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, type TestContext, test } from 'vitest';
import {
  CoatcheckClient,
  CoatcheckError,
  IdempotencyKeyReused,
  NotAuthorized,
  RequestCancelled,
  RequestExpired,
  RequestFailed,
  RequestFinished,
  RequestPending,
  type RequestResource,
  RequestUnknown,
  type SubmissionProgress,
  WaitTimedOut,
} from '../../lib/client/index.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Service } from './service.ts';
import { SignedClient } from './signed-client.ts';

const service = new Service('E2e-client');
const client = new SignedClient(service);

const MEBIBYTE = 1_048_576;

/** A file of a given size, almost all zeros, that is there until a test is over. */
async function fileOf(bytes: number, context: Pick<TestContext, 'onTestFinished'>): Promise<Blob> {
  const path = join(await temporaryFolder(context), 'payload');
  const file = await open(path, 'w');
  await file.truncate(bytes);
  for (const at of [0, 70 * MEBIBYTE, bytes - 4]) if (at < bytes) await file.write('mark', at);
  await file.close();
  return openAsBlob(path);
}

async function sha256Of(blob: Blob): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of blob.stream()) hash.update(chunk);
  return hash.digest('base64');
}

async function answerTo(id: string): Promise<unknown> {
  expect(await client.wait(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  return (await client.result(id)).json();
}

/** Submits until a request ends while its submission waits: on a busy machine, the first one may take longer. */
function withinItsWait(submit: () => Promise<RequestResource>): Promise<RequestResource> {
  return eventually(async () => {
    const request = await submit();
    expect(request.status).toBe('succeeded');
    return request;
  });
}

function isForm(body: unknown): boolean {
  return body instanceof Blob && body.type.startsWith('multipart/form-data');
}

/** A client that records its calls. */
function watchedClient(see: (url: URL, init: RequestInit) => void): SignedClient {
  return new SignedClient(service, {
    fetch: (input, init = {}) => {
      see(new URL(String(input)), init);
      return fetch(input, init);
    },
  });
}

describe.concurrent('a payload', () => {
  test('in JSON is submitted, awaited and answered', async () => {
    const metadata = { Colour: 'blue' };
    const { id, status } = await client.submitJson({ do: 'echo', value: 'ü' }, { metadata });
    expect(status).toBe('queued');
    expect(await answerTo(id)).toMatchObject({ value: 'ü', attempt: 1, metadata: { colour: 'blue' } });
  });

  test('in text, with a submission that waits for the outcome', async () => {
    const request = await withinItsWait(() =>
      client.submit('{ "do": "echo", "value": 1.50 }', { waitSeconds: 20 }),
    );
    expect(request).toMatchObject({ result: { contentType: 'application/json' } });
    expect(await answerTo(request.id)).toMatchObject({ value: 1.5 });
  });

  test('in bytes arrives unchanged', async () => {
    const bytes = Uint8Array.from({ length: 1_000 }, (_, index) => index % 251);
    const { id } = await client.submit(bytes);
    expect(await answerTo(id)).toEqual({ bytes: 1_000, sha256: await sha256Of(new Blob([bytes])) });
  });

  test('in a file of 6 MiB is uploaded by a form', async (context) => {
    const file = await fileOf(6 * MEBIBYTE, context);
    const sha256 = await sha256Of(file);
    const bodies: unknown[] = [];
    const watched = watchedClient((_, { body }) => bodies.push(body));
    const request = await withinItsWait(() => watched.submit(file, { sha256, waitSeconds: 20 }));
    expect(bodies.some(isForm)).toBe(true);
    expect(await answerTo(request.id)).toEqual({ bytes: file.size, sha256 });
  });

  test('whose upload is aborted cancels its request', async (context) => {
    const paths: string[] = [];
    const stop = new AbortController();
    const watched = watchedClient(({ pathname }, { body }) => {
      paths.push(pathname);
      if (isForm(body)) queueMicrotask(() => stop.abort(new Error('changed my mind')));
    });
    const submitted = watched.submit(await fileOf(5 * MEBIBYTE, context), { signal: stop.signal });
    await expect(submitted).rejects.toThrow('changed my mind');
    const [id = ''] = /(?<=\/v1\/requests\/)[^/]+(?=\/cancel$)/.exec(paths.at(-1) ?? '') ?? [];
    expect(await client.status(id)).toMatchObject({ status: 'cancelled', attempts: 0 });
  });
});

test('a payload above 100 MiB is uploaded in parts', async (context) => {
  const file = await fileOf(101 * MEBIBYTE, context);
  const seen: SubmissionProgress[] = [];
  const { id } = await client.submit(file, { onProgress: (progress) => seen.push(progress) });
  expect(await answerTo(id)).toEqual({ bytes: file.size, sha256: await sha256Of(file) });
  expect(seen).toHaveLength(2);
  expect(seen.at(-1)).toEqual({ sentBytes: file.size, totalBytes: file.size });
});

describe.concurrent('a result', () => {
  test('in the store is fetched without authorization', async () => {
    const calls: { readonly path: string; readonly authorized: boolean }[] = [];
    const watched = watchedClient(({ pathname }, { headers }) => {
      calls.push({ path: pathname, authorized: new Headers(headers).has('authorization') });
    });
    const id = await watched.ask({ do: 'fill', megabytes: 2 });
    await watched.wait(id);
    calls.length = 0;
    const result = await watched.result(id);
    expect(result).toMatchObject({ size: 2_000_000, contentType: 'application/octet-stream' });
    const bytes = await result.bytes();
    expect([bytes.byteLength, bytes[0], bytes.at(-1)]).toEqual([2_000_000, 0x30, 0x31]);
    expect(calls.map(({ authorized }) => authorized)).toEqual([true, false]);
    expect(calls[1]?.path).toContain(service.bucket);
  });

  test('of a failed request throws its problem', async () => {
    const id = await client.ask({ do: 'refuse', reason: 'out of paper' });
    expect(await client.wait(id)).toMatchObject({ status: 'failed', problem: { code: 'refused' } });
    const error = await client.result(id).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestFailed);
    expect(error).toMatchObject({ outcome: { code: 'refused', details: { by: 'test' } } });
  });

  test('of a request that expired before its next attempt throws', async () => {
    const expiresAt = new Date(Date.now() + 5_000);
    const id = await client.ask({ do: 'fail', untilAttempt: 2, afterSeconds: 5 }, { expiresAt });
    expect(await client.wait(id)).toMatchObject({ status: 'expired' });
    await expect(client.result(id)).rejects.toThrow(RequestExpired);
  });

  test('of an unknown request throws', async () => {
    await expect(client.result(crypto.randomUUID())).rejects.toThrow(RequestUnknown);
    await expect(client.status('a/b#c%41ü')).rejects.toThrow("The request a/b#c%41ü doesn't exist");
    await expect(client.cancel(crypto.randomUUID())).rejects.toThrow(RequestUnknown);
  });
});

describe.concurrent('a request', () => {
  test('that runs has progress, and no result yet', async () => {
    const seen = join(await temporaryFolder(), 'seen');
    // It ends once its progress was seen. Until then, further attempts report some.
    const id = await client.ask({ do: 'report', seconds: 60, until: seen });
    const changes: RequestResource[] = [];
    const onChange = (request: RequestResource) => {
      changes.push(request);
      if ((request.progress?.fraction ?? 0) > 0) writeFileSync(seen, '');
    };
    const waited = client.wait(id, { onChange });
    await expect(client.result(id)).rejects.toThrow(RequestPending);
    await expect(client.wait(id, { timeoutMilliseconds: 300 })).rejects.toThrow(WaitTimedOut);
    expect(await waited).toMatchObject({ status: 'succeeded' });
    const progress = changes.find((request) => request.progress?.fraction);
    expect(progress).toMatchObject({ status: 'running', progress: { note: 'on the way' } });
  });

  test('that runs is cancelled through its signal', async () => {
    const id = await client.ask({ do: 'report', seconds: 12 });
    await expect.poll(async () => (await client.status(id)).status).toBe('running');
    expect(await client.cancel(id)).toMatchObject({ status: 'cancelling' });
    expect(await client.wait(id)).toMatchObject({ status: 'cancelled', attempts: 1 });
    await expect(client.result(id)).rejects.toThrow(RequestCancelled);
  });

  test('that waits for its next attempt is cancelled at once', async () => {
    const id = await client.ask({ do: 'fail', untilAttempt: 2, afterSeconds: 5 });
    const isWaiting = async () => {
      const { status, attempts } = await client.status(id);
      return status === 'queued' && attempts === 1;
    };
    await expect.poll(isWaiting).toBe(true);
    expect(await client.cancel(id)).toMatchObject({ status: 'cancelled', attempts: 1 });
    expect(await client.cancel(id)).toMatchObject({ status: 'cancelled' });
  });

  test('that has ended cannot be cancelled', async () => {
    const id = await client.ask({ do: 'stamp' });
    await client.wait(id);
    await expect(client.cancel(id)).rejects.toThrow(RequestFinished);
  });

  test('that came as a message is found by its id and source, with any characters', async () => {
    const [id, source] = ['orders/7#50%', '/shop?a=b&c'];
    const event = { specversion: '1.0', id, source, type: 'order.placed', data: { do: 'stamp' } };
    await service.send({ body: JSON.stringify(event) });
    const codeOf = (error: unknown) => error instanceof CoatcheckError && error.code;
    const status = () => client.status(id, { source }).then((request) => request.status, codeOf);
    await expect.poll(status).toBe('succeeded');
    expect(await (await client.result(id, { source })).json()).toHaveProperty('run');
  });

  test('is awaited until the signal is aborted', async () => {
    const id = await client.ask({ do: 'report', seconds: 3 });
    const reason = new Error('enough');
    const stop = new AbortController();
    const watched = watchedClient(() => queueMicrotask(() => stop.abort(reason)));
    await expect(watched.wait(id, { signal: stop.signal })).rejects.toBe(reason);
    await expect(client.status(id, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('is the same for the same idempotency key', async () => {
    const idempotencyKey = crypto.randomUUID();
    const id = await client.ask({ do: 'stamp' }, { idempotencyKey });
    expect(await client.ask({ do: 'stamp' }, { idempotencyKey })).toBe(id);
    const another = client.ask({ do: 'stamp', padding: 1 }, { idempotencyKey });
    await expect(another).rejects.toThrow(IdempotencyKeyReused);
  });
});

test('a list continues from page to page', async () => {
  const ids = await Promise.all(Array.from({ length: 5 }, () => client.ask({ do: 'refuse', reason: 'no' })));
  await Promise.all(ids.map((id) => client.wait(id)));
  const listed = async () => {
    const found: string[] = [];
    for await (const { id, status } of client.list({ limit: 2, status: 'failed' })) {
      expect(status).toBe('failed');
      found.push(id);
      if (ids.every((wanted) => found.includes(wanted))) break;
    }
    return found;
  };
  await expect.poll(listed).toEqual(expect.arrayContaining(ids));
  const found = await listed();
  expect(new Set(found).size).toBe(found.length);
  expect((await client.listPage({ limit: 2 })).next).toBeDefined();
});

test('the service shows its load to callers that sign', async () => {
  expect(await client.serviceStatus()).toMatchObject({ accepting: true });
  const unsigned = new CoatcheckClient({ baseUrl: service.apiUrl });
  await expect(unsigned.serviceStatus()).rejects.toThrow(NotAuthorized);
});
