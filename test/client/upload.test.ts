import { openAsBlob } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ClientOptions } from '../../lib/client/client.ts';
import {
  AnswerInvalid,
  ApiError,
  ConnectionFailed,
  PayloadUnreadable,
  TransferRefused,
} from '../../lib/client/errors.ts';
import { DIRECT_MAX_BYTES } from '../../lib/client/submit.ts';
import { answer, openScriptedApi, problem, requestJson, reset, summaryOf } from '../support/scripted-api.ts';
import { type ReceivedCall, type Script, s3Error } from '../support/scripted-endpoint.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SIZE = DIRECT_MAX_BYTES + 5;
const AWAITING = requestJson({ status: 'awaiting_upload' });
const PART_SIZE = 1_000_000;
const PART_COUNT = 5;

/** Bytes that encode their position. */
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => (index * 31 + (index >> 12)) % 251);

const stored: Script = (_, response) => response.writeHead(204, { etag: '"e"' }).end();

/** The store is on the API's own server. */
const formTicket: Script = (call, response) => {
  const url = `http://${call.headers.host}/bucket?policy=secret`;
  const upload = {
    method: 'POST',
    url,
    fields: { key: 'k-1', policy: 'p' },
    expiresAt: '2026-01-31T13:00:00Z',
  };
  const receipt = String(call.body).includes('"sha256"') ? { 'coatcheck-receipt': 'a.b.c' } : undefined;
  answer(201, { request: AWAITING, upload }, receipt)(call, response);
};

describe('a payload above 4 MiB', () => {
  test('is sent to the store in a form, with the file last', async () => {
    const { client, calls } = await openScriptedApi([formTicket, stored]);
    const progress: unknown[] = [];
    const request = await client.submit(new Blob([BYTES], { type: 'text/csv' }), {
      metadata: { origin: 'shop' },
      expiresAt: '2026-02-01T00:00:00Z',
      callbackUrl: 'https://example.com/hook',
      sha256: 'c2hh',
      onProgress: (seen) => progress.push(seen),
    });
    expect(request).toEqual({ ...AWAITING, receipt: 'a.b.c' });
    expect(calls.map(summaryOf)).toEqual(['POST /v1/uploads', 'POST /bucket?policy=secret']);
    expect(calls[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(String(calls[0]?.body))).toEqual({
      size: SIZE,
      contentType: 'text/csv',
      sha256: 'c2hh',
      expiresAt: '2026-02-01T00:00:00Z',
      callbackUrl: 'https://example.com/hook',
      metadata: { origin: 'shop' },
      multipart: false,
    });
    const fields = [...(await formOf(calls[1])).entries()];
    expect(fields.map(([name]) => name)).toEqual(['key', 'policy', 'file']);
    expect(fields.slice(0, 2).map(([, value]) => value)).toEqual(['k-1', 'p']);
    expect(await bytesOf(fields[2]?.[1])).toEqual(Buffer.from(BYTES));
    expect(progress).toEqual([{ sentBytes: SIZE, totalBytes: SIZE }]);
  });

  test('is sent without the credentials of the API', async () => {
    const auth = async () => ({ headers: { authorization: 'secret', 'x-amz-date': 'd' } });
    const { client, calls } = await openScriptedApi([formTicket, stored], { auth });
    await client.submit(BYTES);
    expect(calls.map(({ headers }) => headers.authorization)).toEqual(['secret', undefined]);
    expect(calls[1]?.headers['x-amz-date']).toBeUndefined();
  });

  test('is retried if the network or the store fails', async () => {
    const { client, calls } = await openScriptedApi([formTicket, reset, s3Error(503, 'SlowDown'), stored]);
    await client.submit(BYTES);
    expect(calls.map(summaryOf)).toEqual([
      'POST /v1/uploads',
      ...Array(3).fill('POST /bucket?policy=secret'),
    ]);
    expect((await formOf(calls[3])).get('file')).toHaveProperty('size', SIZE);
  });

  test('is cancelled if the store rejects it', async () => {
    const cancelled = answer(200, requestJson({ status: 'cancelled' }));
    const { client, calls } = await openScriptedApi([formTicket, s3Error(400, 'EntityTooLarge'), cancelled]);
    const error = await client.submit(BYTES).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TransferRefused);
    expect(error).toMatchObject({ status: 400, storeCode: 'EntityTooLarge' });
    expect(String(error)).toMatch(
      /POST http:\/\/127\.0\.0\.1:\d+\/bucket failed: the store answered 400 EntityTooLarge$/,
    );
    expect(calls.map(summaryOf).at(-1)).toBe('POST /v1/requests/r-1/cancel');
  });

  test('is cancelled when its signal is aborted, with the reason of the signal', async () => {
    const ends = new AbortController();
    const { client, calls } = await openScriptedApi([
      formTicket,
      () => ends.abort(new Error('enough')),
      problem(409, 'request_finished'),
    ]);
    await expect(client.submit(BYTES, { signal: ends.signal })).rejects.toThrow('enough');
    expect(calls.map(summaryOf).at(-1)).toBe('POST /v1/requests/r-1/cancel');
  });

  test('waits after the upload with waitSeconds', async () => {
    const done = answer(200, requestJson({ status: 'succeeded' }));
    const { client, calls } = await openScriptedApi([formTicket, stored, done]);
    const request = await client.submit(BYTES, { waitSeconds: 9, sha256: 'c2hh' });
    expect(request).toEqual({ ...requestJson({ status: 'succeeded' }), receipt: 'a.b.c' });
    expect(calls.map(summaryOf).at(-1)).toBe('GET /v1/requests/r-1');
    expect(calls.at(-1)?.headers.prefer).toBe('wait=9');
  });

  test('retries an overloaded ticket call, but not one that may have succeeded', async () => {
    const busy = problem(503, 'overloaded', { 'retry-after': '2' });
    const { client } = await openScriptedApi([busy, problem(429, 'tenant_over_share'), formTicket, stored]);
    await client.submit(BYTES);
    const { client: other, calls } = await openScriptedApi([problem(500, 'broken')]);
    await expect(other.submit(BYTES)).rejects.toThrow(ApiError);
    expect(calls).toHaveLength(1);
  });

  test('is not uploaded with a malformed ticket', async () => {
    const { client } = await openScriptedApi([
      answer(201, { request: AWAITING, upload: { method: 'POST' } }),
    ]);
    await expect(client.submit(BYTES)).rejects.toThrow(AnswerInvalid);
  });

  test('is sent in parts above 100 MiB', async () => {
    const { client, calls } = await openScriptedApi([problem(413, 'payload_too_large')]);
    await expect(client.submit(new Blob([new Uint8Array(104_857_601)]))).rejects.toThrow('payload_too_large');
    expect(JSON.parse(String(calls[0]?.body))).toMatchObject({ size: 104_857_601, multipart: true });
  });
});

/** A store and an API with uploads in parts; `fault` can answer first. */
async function openPartsApi(
  fault: (call: ReceivedCall, index: number) => Script | undefined = () => undefined,
  options: Partial<ClientOptions> = {},
) {
  const received = new Map<number, Buffer>();
  let urlsGiven = 0;
  const play: Script = (call, response) => {
    const path = new URL(call.url, 'http://x').pathname;
    const host = `http://${call.headers.host}`;
    if (path === '/v1/uploads') {
      const upload = { method: 'PUT_PARTS', uploadName: 'u', partSize: PART_SIZE, partCount: PART_COUNT };
      return answer(201, { request: AWAITING, upload })(call, response);
    }
    if (path.endsWith('/parts')) {
      const { numbers }: { numbers: number[] } = JSON.parse(String(call.body));
      const parts = numbers.map((number) => ({ number, url: `${host}/part/${number}?sign=${++urlsGiven}` }));
      return answer(200, { parts })(call, response);
    }
    if (path.startsWith('/part/')) {
      const number = Number(path.slice('/part/'.length));
      received.set(number, call.body);
      return void response.writeHead(200, { etag: `"e${number}"` }).end();
    }
    if (path.endsWith('/complete')) return answer(202, requestJson())(call, response);
    return answer(200, requestJson({ status: 'cancelled' }))(call, response);
  };
  const api = await openScriptedApi([], options);
  api.endpoint.script = (call, response) =>
    (fault(call, api.calls.filter(({ url }) => url === call.url).length) ?? play)(call, response);
  const callsTo = (what: string) => api.calls.filter(({ url }) => url.includes(what));
  return { ...api, received, callsTo };
}

describe('an upload in parts', () => {
  test('arrives complete, with its parts in order', async () => {
    const { client, received, callsTo } = await openPartsApi();
    const progress: { sentBytes: number; totalBytes: number }[] = [];
    const request = await client.submit(new Blob([BYTES]), { onProgress: (seen) => progress.push(seen) });
    expect(request.status).toBe('queued');
    const whole = Buffer.concat([...received].toSorted(([a], [b]) => a - b).map(([, body]) => body));
    expect(whole.equals(BYTES)).toBe(true);
    expect(JSON.parse(String(callsTo('/complete')[0]?.body))).toEqual({
      uploadName: 'u',
      parts: [1, 2, 3, 4, 5].map((number) => ({ number, etag: `"e${number}"` })),
    });
    expect(callsTo('/parts')).toHaveLength(1);
    expect(callsTo('/part/')[0]?.headers['content-type']).toBeUndefined();
    expect(progress).toHaveLength(PART_COUNT);
    expect(progress.map(({ sentBytes }) => sentBytes)).toEqual(
      progress.map(({ sentBytes }) => sentBytes).toSorted((a, b) => a - b),
    );
    expect(progress.at(-1)).toEqual({ sentBytes: SIZE, totalBytes: SIZE });
  });

  test('sends four parts concurrently', async () => {
    const held: (() => void)[] = [];
    const { client, callsTo } = await openPartsApi(({ url }) =>
      url.startsWith('/part/')
        ? (_, response) => void held.push(() => response.writeHead(200, { etag: 'e' }).end())
        : undefined,
    );
    const submitted = client.submit(new Blob([BYTES]));
    await expect.poll(() => held.length).toBe(4);
    expect(callsTo('/part/')).toHaveLength(4);
    held.shift()?.();
    await expect.poll(() => held.length).toBe(4);
    for (const finish of held) finish();
    await submitted;
  });

  test.each([
    ['breaks off', reset],
    ['finds the store busy', s3Error(503, 'SlowDown')],
    ['has a URL that expired', s3Error(403, 'AccessDenied')],
  ])('retries only the part that %s, with a new URL', async (_, fault) => {
    let failed = false;
    const { client, received, callsTo } = await openPartsApi(({ url }) => {
      if (failed || !url.startsWith('/part/3')) return undefined;
      failed = true;
      return fault;
    });
    await client.submit(new Blob([BYTES]));
    expect(received.size).toBe(PART_COUNT);
    expect(callsTo('/part/')).toHaveLength(PART_COUNT + 1);
    expect(callsTo('/part/3').map(({ url }) => url)).toEqual(['/part/3?sign=3', '/part/3?sign=6']);
  });

  test('is aborted if a part fails permanently, after the others have stopped', async () => {
    const { client, calls, callsTo } = await openPartsApi(({ url }) => {
      if (url.startsWith('/part/2')) return s3Error(400, 'InvalidPart');
      return url.startsWith('/part/') ? () => {} : undefined;
    });
    await expect(client.submit(new Blob([BYTES]))).rejects.toThrow('400 InvalidPart');
    // A part that was cancelled on its way may arrive later than the abort.
    const abort = calls.find(({ url }) => url === '/v1/uploads/r-1/abort');
    expect(JSON.parse(String(abort?.body))).toEqual({ uploadName: 'u' });
    expect(callsTo('/complete')).toEqual([]);
    expect(callsTo('/part/5')).toEqual([]);
  });

  test('is not aborted while a part may still arrive', async () => {
    let underWay = 0;
    const atAbort: number[] = [];
    const slowToStop: typeof fetch = async (url, init) => {
      if (String(url).endsWith('/abort')) atAbort.push(underWay);
      if (!String(url).includes('/part/')) return fetch(url, init);
      underWay++;
      const response = await fetch(url, init).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay--;
      return response ?? Response.error();
    };
    const { client } = await openPartsApi(
      ({ url }) => {
        if (url.startsWith('/part/2')) return s3Error(400, 'InvalidPart');
        return url.startsWith('/part/') ? () => {} : undefined;
      },
      { fetch: slowToStop },
    );
    await expect(client.submit(new Blob([BYTES]))).rejects.toThrow('400 InvalidPart');
    expect(atAbort).toEqual([0]);
  });

  test('is aborted by its signal', async () => {
    const ends = new AbortController();
    const { client, calls } = await openPartsApi(({ url }) =>
      url.startsWith('/part/4') ? () => ends.abort(new Error('enough')) : undefined,
    );
    await expect(client.submit(new Blob([BYTES]), { signal: ends.signal })).rejects.toThrow('enough');
    await expect.poll(() => calls.at(-1)?.url).toBe('/v1/uploads/r-1/abort');
  });

  test('is not completed if the ETag of a part is hidden', async () => {
    const { client } = await openPartsApi(({ url }) =>
      url.startsWith('/part/1') ? (_, response) => void response.writeHead(200).end() : undefined,
    );
    await expect(client.submit(new Blob([BYTES]))).rejects.toThrow(
      "only if the bucket's CORS rules expose it",
    );
  });

  test('counts as completed if an answer is lost and the upload is gone', async () => {
    const { client, calls } = await openPartsApi(({ url }, index) => {
      if (url === '/v1/requests/r-1') return answer(200, requestJson({ status: 'running' }));
      if (!url.endsWith('/complete')) return undefined;
      return index === 1 ? reset : problem(404, 'upload_unknown');
    });
    expect((await client.submit(new Blob([BYTES]))).status).toBe('running');
    expect(calls.map(({ url }) => url)).not.toContain('/v1/uploads/r-1/abort');
  });

  test('does not count as completed if the upload never existed', async () => {
    const { client } = await openPartsApi(({ url }) =>
      url.endsWith('/complete') ? problem(404, 'upload_unknown') : undefined,
    );
    await expect(client.submit(new Blob([BYTES]))).rejects.toThrow('upload_unknown');
  });

  test('throws the original error even if the abort fails', async () => {
    const { client } = await openPartsApi(({ url }) =>
      url.startsWith('/part/') || url.endsWith('/abort') ? reset : undefined,
    );
    await expect(client.submit(new Blob([BYTES]))).rejects.toThrow(ConnectionFailed);
  });
});

describe('a file that changes before it is sent', () => {
  async function changedFile(bytes: Uint8Array): Promise<Blob> {
    const path = join(await temporaryFolder(), 'payload');
    await writeFile(path, bytes);
    const file = await openAsBlob(path);
    await appendFile(path, 'more');
    return file;
  }

  test('is not submitted directly', async () => {
    const { client, calls } = await openScriptedApi([]);
    await expect(client.submit(await changedFile(BYTES.subarray(0, 100)))).rejects.toThrow(PayloadUnreadable);
    expect(calls).toEqual([]);
  });

  test('is not uploaded by a form, and its request is cancelled', async () => {
    const cancelled = answer(200, requestJson({ status: 'cancelled' }));
    const { client, timing, endpoint } = await openScriptedApi([]);
    const paths: string[] = [];
    endpoint.script = (call, response) => {
      paths.push(call.url);
      (call.url === '/v1/uploads' ? formTicket : cancelled)(call, response);
    };
    await expect(client.submit(await changedFile(BYTES))).rejects.toThrow(
      "Can't read the payload: The blob could not be read. Its file must not change while it is submitted",
    );
    expect(paths).toEqual(['/v1/uploads', '/v1/requests/r-1/cancel']);
    expect(timing.sleeps).toEqual([]);
  });

  test('is not uploaded in parts, and the upload is aborted', async () => {
    const { client, callsTo, timing } = await openPartsApi();
    await expect(client.submit(await changedFile(BYTES))).rejects.toThrow(PayloadUnreadable);
    expect(callsTo('/abort')).toHaveLength(1);
    expect(callsTo('/complete')).toEqual([]);
    expect(timing.sleeps).toEqual([]);
  });

  test.each([
    ['directly', 10],
    ['by a form', SIZE],
  ])('is not submitted %s as one of several files in a blob', async (_, size) => {
    const { client, timing } = await openScriptedApi([
      formTicket,
      answer(200, requestJson({ status: 'cancelled' })),
    ]);
    const files = new Blob([BYTES.subarray(0, size), await changedFile(BYTES.subarray(0, 100)), 'end']);
    await expect(client.submit(files)).rejects.toThrow(PayloadUnreadable);
    expect(timing.sleeps).toEqual([]);
  });
});

function formOf(call: ReceivedCall | undefined): Promise<FormData> {
  const headers = { 'content-type': call?.headers['content-type'] ?? '' };
  return new Response(Buffer.from(call?.body ?? ''), { headers }).formData();
}

async function bytesOf(value: File | string | undefined): Promise<Buffer> {
  return value instanceof Blob ? Buffer.from(await value.arrayBuffer()) : Buffer.from('');
}
