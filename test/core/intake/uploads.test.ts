import fc from 'fast-check';
import { v7 } from 'uuid';
import { describe, expect, test } from 'vitest';
import { CoatcheckError } from '../../../lib/core/base/errors.ts';
import { S3_MAX_PARTS, S3_MAX_PUT_BYTES } from '../../../lib/core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../../lib/core/config/settings.ts';
import { type UploadRequest, Uploads, type UploadWay } from '../../../lib/core/intake/uploads.ts';
import { RequestRecords } from '../../../lib/core/records/request-records.ts';
import { MemoryRecordStore } from '../../../lib/stores/memory/record-store.ts';
import { MemoryClientTransfers } from '../../support/memory-client-transfers.ts';
import { START, TestClock } from '../../support/test-clock.ts';

const MIB = 1_048_576;
const GIB = 1_073_741_824;
const HOUR = 3_600_000;

function uploadRequest(given: Partial<UploadRequest> = {}): UploadRequest {
  return { size: 100, contentType: 'text/csv', metadata: {}, multipart: false, ...given };
}

function harness(maxPayloadBytes: number = NUMBER_SETTINGS.maxPayloadBytes.max) {
  const clock = new TestClock();
  const store = new MemoryRecordStore();
  const transfers = new MemoryClientTransfers();
  const records = new RequestRecords(store, clock.now, 30);
  const newId = (at: number) => v7({ msecs: at });
  const uploads = new Uploads(
    { records, transfers, clock, newId },
    { uploadPrefix: 'requests/', maxPayloadBytes },
  );
  return { uploads, transfers, records, store, clock };
}

/** An upload in parts with one part uploaded. */
async function begun(tenant?: string, size?: number) {
  const parts = harness();
  const sized = size === undefined ? {} : { size };
  const { record, upload } = await parts.uploads.open(uploadRequest({ multipart: true, tenant, ...sized }));
  const { uploadName } = inParts(upload);
  const etag = parts.transfers.putPart(uploadName, 1, 'hello', record.request.uploadBytes);
  return { ...parts, request: record.request, uploadName, parts: [{ number: 1, etag }] };
}

function inParts(upload: UploadWay): UploadWay & { readonly way: 'parts' } {
  if (upload.way !== 'parts') throw new Error('the upload is a form');
  return upload;
}

/** The code of the error that a promise rejects with. */
async function codeOf(refused: Promise<unknown>): Promise<string> {
  const error = await refused.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof CoatcheckError) return error.code;
  throw new Error('It was not refused', { cause: error });
}

describe('a ticket', () => {
  test('is a record that waits for its payload, and a form for its own key only', async () => {
    const { uploads, transfers, store } = harness();
    const expiresAt = START + HOUR;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { record, upload } = await uploads.open(
      uploadRequest({ tenant: 'acme', expiresAt, traceparent, metadata: { a: 'b' }, sha256: 'x'.repeat(43) }),
    );
    const { id } = record.request;
    expect(record).toMatchObject({
      status: 'awaiting_upload',
      createdAt: START,
      request: { id, source: '', tenant: 'acme', expiresAt, traceparent },
    });
    expect(store.all().map((stored) => stored.record)).toEqual([record]);
    expect(transfers.forms).toEqual([
      {
        // From `printf acme | basenc --base64url`.
        upload: { key: `requests/tickets/YWNtZQ/${id}`, contentType: 'text/csv', metadata: { a: 'b' } },
        terms: { size: 100, sha256: 'x'.repeat(43), expiresInSeconds: 3_600 },
      },
    ]);
    expect(upload).toMatchObject({ way: 'form', expiresAt: START + HOUR, url: 'https://store.example/' });
  });

  test('for a payload above the limit is refused and leaves no record', async () => {
    const { uploads, store } = harness(100);
    await uploads.open(uploadRequest({ size: 100 }));
    expect(await codeOf(uploads.open(uploadRequest({ size: 101 })))).toBe('payload_too_large');
    expect(store.all()).toHaveLength(1);
  });

  test('is recorded before a client can upload', async () => {
    const { uploads, store, transfers } = harness();
    store.faults.inject('write', 'fails before');
    await expect(uploads.open(uploadRequest())).rejects.toThrow('write failed');
    expect(transfers.forms).toEqual([]);
  });

  test('uses a form up to 5 GiB, and parts above', async () => {
    const { uploads } = harness();
    expect((await uploads.open(uploadRequest({ size: S3_MAX_PUT_BYTES }))).upload.way).toBe('form');
    expect((await uploads.open(uploadRequest({ size: S3_MAX_PUT_BYTES + 1 }))).upload.way).toBe('parts');
  });

  test.each([
    [1, 64 * MIB, 1],
    [64 * MIB, 64 * MIB, 1],
    [64 * MIB + 1, 64 * MIB, 2],
    [GIB, 64 * MIB, 16],
    [625 * GIB, 64 * MIB, 10_000],
    [625 * GIB + 1, 64 * MIB + 1, 10_000],
  ])('for %i bytes in parts has a part size of %i and %i parts', async (size, partSize, partCount) => {
    const { uploads, transfers } = harness();
    const { record, upload } = await uploads.open(uploadRequest({ size, multipart: true }));
    const uploadName = transfers.unfinished[0] ?? '';
    expect(upload).toEqual({ way: 'parts', uploadName, partSize, partCount, expiresAt: START + HOUR });
    transfers.putPart(uploadName, 1, 'x');
    expect(record.status).toBe('awaiting_upload');
  });

  test('in parts holds every allowed payload: only the last part is short, and there are not too many', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: NUMBER_SETTINGS.maxPayloadBytes.max }), async (size) => {
        const { uploads } = harness();
        const { partSize, partCount } = inParts(
          (await uploads.open(uploadRequest({ size, multipart: true }))).upload,
        );
        expect(partCount).toBeLessThanOrEqual(S3_MAX_PARTS);
        expect(partCount * partSize).toBeGreaterThanOrEqual(size);
        expect((partCount - 1) * partSize).toBeLessThan(size);
      }),
    );
  });
});

describe('URLs of parts', () => {
  test('have their part numbers, in the requested order, and work for an hour', async () => {
    const { uploads, request, uploadName } = await begun('acme', 150 * MIB);
    const urls = await uploads.partUrls(request, uploadName, [3, 1]);
    const url = `https://store.example/requests/tickets/YWNtZQ/${request.id}?upload=${uploadName}`;
    expect(urls).toEqual([
      { number: 3, url: `${url}&part=3&size=${150 * MIB - 128 * MIB}&expires=3600` },
      { number: 1, url: `${url}&part=1&size=${64 * MIB}&expires=3600` },
    ]);
  });

  test('are refused for another tenant’s ticket and without a tenant', async () => {
    const { uploads, request, uploadName } = await begun('acme');
    for (const tenant of ['other', undefined, '']) {
      const others = { id: request.id, source: '', tenant };
      expect(await codeOf(uploads.partUrls(others, uploadName, [1]))).toBe('request_unknown');
    }
  });

  test.each(['cancel', 'claim'] as const)('are refused after a %s', async (type) => {
    const { uploads, records, request, uploadName } = await begun();
    const lease = { request, leaseEndsAt: START + HOUR, leaseId: 'lease-1' };
    const event = type === 'claim' ? { type, ...lease } : { type };
    await records.change(request, event);
    expect(await codeOf(uploads.partUrls(request, uploadName, [1]))).toBe('upload_over');
  });
});

describe('a completion', () => {
  test('joins the named parts', async () => {
    const { uploads, transfers, request, uploadName, parts } = await begun('acme');
    expect((await uploads.complete(request, uploadName, parts)).request).toEqual(request);
    const key = `requests/tickets/YWNtZQ/${request.id}`;
    expect(transfers.completed).toEqual([{ upload: { key, contentType: 'text/csv', metadata: {} }, parts }]);
  });

  test('with missing parts is refused, and can be repeated with the right ones', async () => {
    const { uploads, request, uploadName, parts } = await begun();
    const wrong = [{ number: 1, etag: '"other"' }];
    expect(await codeOf(uploads.complete(request, uploadName, wrong))).toBe('upload_incomplete');
    expect(await codeOf(uploads.complete(request, uploadName, [...parts, { number: 2, etag: 'x' }]))).toBe(
      'upload_incomplete',
    );
    await uploads.complete(request, uploadName, parts);
  });

  test('with the parts of another ticket is refused', async () => {
    const { uploads, transfers, uploadName, parts } = await begun('acme');
    const other = await uploads.open(uploadRequest({ multipart: true, tenant: 'acme' }));
    expect(await codeOf(uploads.complete(other.record.request, uploadName, parts))).toBe('upload_unknown');
    expect(transfers.completed).toEqual([]);
  });

  test('by another tenant is refused', async () => {
    const { uploads, transfers, request, uploadName, parts } = await begun('acme');
    const others = { ...request, tenant: 'other' };
    expect(await codeOf(uploads.complete(others, uploadName, parts))).toBe('request_unknown');
    expect(transfers.completed).toEqual([]);
  });

  test('repeated after S3’s event for the payload changes nothing', async () => {
    const { uploads, transfers, records, request, uploadName, parts } = await begun();
    await uploads.complete(request, uploadName, parts);
    await records.change(request, { type: 'claim', request, leaseEndsAt: START + HOUR, leaseId: 'lease-1' });
    expect(await uploads.complete(request, uploadName, parts)).toMatchObject({
      status: 'running',
      attempts: 1,
    });
    expect(transfers.completed).toHaveLength(1);
  });

  test('after a cancellation does not join the parts', async () => {
    const { uploads, transfers, records, request, uploadName, parts } = await begun();
    await records.change(request, { type: 'cancel' });
    expect(await uploads.complete(request, uploadName, parts)).toMatchObject({ status: 'cancelled' });
    expect(transfers.completed).toEqual([]);
  });
});

describe('an abort', () => {
  test('deletes the parts and cancels the request, and can be repeated', async () => {
    const { uploads, transfers, request, uploadName } = await begun();
    const { record } = (await uploads.abort(request, uploadName)).stored;
    expect(record.status).toBe('cancelled');
    expect(transfers.unfinished).toEqual([]);
    expect((await uploads.abort(request, uploadName)).stored.record).toEqual(record);
  });

  test('can be repeated after it fails between its steps', async () => {
    const { uploads, transfers, store, request, uploadName } = await begun();
    store.faults.inject('write', 'fails before');
    await expect(uploads.abort(request, uploadName)).rejects.toThrow('write failed');
    expect(transfers.unfinished).toEqual([]);
    expect((await uploads.abort(request, uploadName)).stored.record.status).toBe('cancelled');
  });

  test('is refused once the request has its payload', async () => {
    const { uploads, records, request, uploadName } = await begun();
    await records.change(request, { type: 'claim', request, leaseEndsAt: START + HOUR, leaseId: 'lease-1' });
    expect(await codeOf(uploads.abort(request, uploadName))).toBe('upload_over');
    expect((await records.find(request))?.status).toBe('running');
  });

  test('by another tenant is refused', async () => {
    const { uploads, transfers, request, uploadName } = await begun('acme');
    expect(await codeOf(uploads.abort({ ...request, tenant: 'other' }, uploadName))).toBe('request_unknown');
    expect(transfers.unfinished).toEqual([uploadName]);
  });

  test('does not affect the parts of another ticket', async () => {
    const { uploads, transfers, uploadName } = await begun();
    const { record } = await uploads.open(uploadRequest());
    await uploads.abort(record.request, uploadName);
    expect(transfers.unfinished).toEqual([uploadName]);
  });
});

test('an unused ticket expires after a week, a used one does not', async () => {
  const { uploads, records, clock } = harness();
  const unused = await uploads.open(uploadRequest());
  const used = await uploads.open(uploadRequest());
  await records.change(used.record.request, { type: 'uploaded' });
  clock.advanceSeconds(7 * 86_400);
  expect(await records.find(unused.record.request)).toBeUndefined();
  expect(await records.find(used.record.request)).toMatchObject({ status: 'queued' });
});

test('parts that an earlier call joined are not joined again', async () => {
  const { uploads, transfers, records, request, uploadName, parts } = await begun();
  await transfers.completeParts(`requests/tickets/-/${request.id}`, uploadName, parts, 100);
  expect(await codeOf(uploads.complete(request, uploadName, parts))).toBe('upload_unknown');
  await records.change(request, { type: 'uploaded' });
  expect(await uploads.complete(request, uploadName, parts)).toMatchObject({ status: 'queued' });
});

describe('B4: an upload in parts', () => {
  test.each([
    ['only the second', [2], 'missing: 1'],
    ['all but the last', [1], 'missing: 2'],
    ['one more than there are', [1, 2, 3], 'got 3'],
    ['one twice', [1, 1], 'missing: 2'],
    ['none', [], 'missing: 1, 2'],
  ])('is not completed with %s of its parts', async (_, numbers, problem) => {
    const { uploads, transfers, records, request, uploadName } = await begun(undefined, 64 * MIB + 5);
    const parts = numbers.map((number) => ({ number, etag: transfers.putPart(uploadName, number, 'hello') }));
    const completing = uploads.complete(request, uploadName, parts);
    expect(await codeOf(completing)).toBe('upload_incomplete');
    await expect(completing).rejects.toThrow(problem);
    expect(transfers.completed).toEqual([]);
    expect(await records.find(request)).toMatchObject({ status: 'awaiting_upload' });
  });

  test('is completed with all of them, in any order', async () => {
    const { uploads, transfers, request, uploadName } = await begun(undefined, 64 * MIB + 5);
    const first = { number: 1, etag: transfers.putPart(uploadName, 1, 'a', 64 * MIB) };
    const last = { number: 2, etag: transfers.putPart(uploadName, 2, 'hello') };
    expect(await uploads.complete(request, uploadName, [last, first])).toMatchObject({ status: 'queued' });
  });

  test('is not completed if the total size of its parts is wrong', async () => {
    const { uploads, transfers, request, uploadName } = await begun(undefined, 5);
    const parts = [{ number: 1, etag: transfers.putPart(uploadName, 1, 'hell') }];
    expect(await codeOf(uploads.complete(request, uploadName, parts))).toBe('upload_incomplete');
  });
});
