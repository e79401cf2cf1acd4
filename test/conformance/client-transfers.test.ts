import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { S3ClientTransfers } from '../../lib/aws/s3-client-transfers.ts';
import { PLAIN_URLS } from '../../lib/aws/s3-clients.ts';
import type { ExpectedUpload } from '../../lib/core/ports/client-transfers.ts';
import { UploadIncomplete, UploadUnknown } from '../../lib/core/ports/client-transfers.ts';
import { localConfig } from '../../lib/local/clients.ts';

/** Least size of a part that isn't the last. */
const PART_BYTES = 5 * 1024 * 1024;

const s3 = new S3Client({ ...localConfig(inject('endpoint')), ...PLAIN_URLS, forcePathStyle: true });
const Bucket = `conformance-${crypto.randomUUID()}`;
const transfers = new S3ClientTransfers(s3, Bucket);
let upload: ExpectedUpload;

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
});
beforeEach(() => {
  upload = {
    key: `requests/tickets/-/${crypto.randomUUID()}`,
    contentType: 'text/csv; charset=utf-8',
    metadata: { customer: '7', note: 'a,  "b" & <c>' },
  };
});

/** What lies at the upload's key, if anything does. */
async function stored() {
  try {
    const object = await s3.send(new GetObjectCommand({ Bucket, Key: upload.key }));
    const { ContentType: contentType, Metadata: metadata } = object;
    return { text: await object.Body?.transformToString(), contentType, metadata };
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}

describe('a form', () => {
  const CONTENT = 'x'.repeat(10);
  const TERMS = { size: CONTENT.length, expiresInSeconds: 600 };

  /** Sends the form as a browser does. */
  async function post(content: string, changed: Readonly<Record<string, string>> = {}, terms = TERMS) {
    const { url, fields } = await transfers.form(upload, terms);
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value);
    form.append('file', new Blob([content], { type: 'image/png' }), 'a.png');
    const response = await fetch(url, { method: 'POST', body: form });
    await response.arrayBuffer();
    return response.status;
  }

  test('takes what has its size, with the type and notes it was made for', async () => {
    expect(await post(CONTENT)).toBe(204);
    const { contentType, metadata } = upload;
    expect(await stored()).toEqual({ text: CONTENT, contentType, metadata });
  });

  test.each([
    ['nothing', ''],
    ['one byte less than was said', 'x'.repeat(9)],
    ['one byte more than was said', 'x'.repeat(11)],
  ])('refuses %s', async (_, content) => {
    expect(await post(content)).toBe(400);
    expect(await stored()).toBeUndefined();
  });

  test.each([
    ['another content type', { 'Content-Type': 'text/html' }],
    ['another note', { 'x-amz-meta-customer': '8' }],
    ['a note more', { 'x-amz-meta-tenant': 'acme' }],
    [
      'another policy',
      { Policy: Buffer.from('{"expiration":"2026-01-01T00:00:00Z","conditions":[]}').toString('base64') },
    ],
  ])('refuses %s', async (_, changed) => {
    expect(await post(CONTENT, changed)).toBe(403);
    expect(await stored()).toBeUndefined();
  });

  test('refuses another key', async () => {
    const key = `${upload.key}0`;
    expect(await post(CONTENT, { key })).toBe(403);
    upload = { ...upload, key };
    expect(await stored()).toBeUndefined();
  });

  test('refuses what comes too late', async () => {
    expect(await post(CONTENT, {}, { ...TERMS, expiresInSeconds: -1 })).toBe(403);
  });

  // That S3 compares the checksum with the file can't be seen here: the emulator doesn't.
  test('takes the fields of a checksum, and no other checksum', async () => {
    const sha256 = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';
    const terms = { ...TERMS, size: 5, sha256 };
    expect(await post('hello', {}, terms)).toBe(204);
    expect(await post('hello', { 'x-amz-checksum-sha256': `${'A'.repeat(43)}=` }, terms)).toBe(403);
  });
});

describe('an upload in parts', () => {
  let name: string;

  beforeEach(async () => {
    name = await transfers.beginParts(upload);
  });

  /** Uploads a part as anything that speaks HTTP does. @returns its ETag */
  async function put(number: number, content: string): Promise<string> {
    const parts = [{ number, size: Buffer.byteLength(content) }];
    const [url = ''] = await transfers.partUrls(upload.key, name, parts, 600);
    const response = await fetch(url, { method: 'PUT', body: content });
    expect(response.status, await response.text()).toBe(200);
    return response.headers.get('etag') ?? '';
  }

  async function unfinished(): Promise<(string | undefined)[]> {
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    return Uploads.map(({ UploadId }) => UploadId);
  }

  test('is one object of its parts, with the type and notes it was begun with', async () => {
    const last = { number: 2, etag: await put(2, 'the end') };
    const first = { number: 1, etag: await put(1, 'x'.repeat(PART_BYTES)) };
    await transfers.completeParts(upload.key, name, [last, first], PART_BYTES + 7);
    const object = await stored();
    expect(object?.text === `${'x'.repeat(PART_BYTES)}the end`).toBe(true);
    expect(object).toMatchObject({ contentType: upload.contentType, metadata: upload.metadata });
  });

  test('takes a part again: the last one counts, with or without the quotes of its ETag', async () => {
    await put(1, 'a');
    const etag = await put(1, 'b');
    await transfers.completeParts(upload.key, name, [{ number: 1, etag: etag.replaceAll('"', '') }], 1);
    expect((await stored())?.text).toBe('b');
  });

  test('has a URL for each part, in order', async () => {
    const bodies = ['a'.repeat(PART_BYTES), 'b'];
    const expected = bodies.map(({ length }, index) => ({ number: index + 1, size: length }));
    const urls = await transfers.partUrls(upload.key, name, expected, 600);
    const parts = await Promise.all(
      urls.map(async (url, index) => {
        const body = bodies[index] ?? '';
        const response = await fetch(url, { method: 'PUT', body });
        return { number: index + 1, etag: response.headers.get('etag') ?? '' };
      }),
    );
    await transfers.completeParts(upload.key, name, parts, PART_BYTES + 1);
    expect((await stored())?.text?.slice(-2)).toBe('ab');
  });

  test('refuses a part of another size', async () => {
    const [url = ''] = await transfers.partUrls(upload.key, name, [{ number: 1, size: 5 }], 600);
    for (const body of ['hell', 'hello!'])
      expect((await fetch(url, { method: 'PUT', body })).status).toBe(403);
    expect((await fetch(url, { method: 'PUT', body: 'hello' })).status).toBe(200);
  });

  test('refuses a part at a URL that was changed', async () => {
    const [url = ''] = await transfers.partUrls(upload.key, name, [{ number: 1, size: 1 }], 600);
    const response = await fetch(url.replace('partNumber=1', 'partNumber=2'), { method: 'PUT', body: 'a' });
    expect(response.status).toBe(403);
  });

  test.each([
    ['a part that was never uploaded', [{ number: 2, etag: '"5d41402abc4b2a76b9719d911017c592"' }]],
    ['another ETag', [{ number: 1, etag: '"5d41402abc4b2a76b9719d911017c592"' }]],
    ['an ETag that is none', [{ number: 1, etag: '<&">' }]],
    ['no parts', []],
  ])('isn’t complete with %s, and can be completed all the same', async (_, parts) => {
    const etag = await put(1, 'a');
    await expect(transfers.completeParts(upload.key, name, parts, 1)).rejects.toThrow(UploadIncomplete);
    expect(await stored()).toBeUndefined();
    await transfers.completeParts(upload.key, name, [{ number: 1, etag }], 1);
    expect((await stored())?.text).toBe('a');
  });

  test('completed again is the same object, or unknown', async () => {
    const parts = [{ number: 1, etag: await put(1, 'a') }];
    await transfers.completeParts(upload.key, name, parts, 1);
    const again = await transfers.completeParts(upload.key, name, parts, 1).catch((error: unknown) => error);
    if (again !== undefined) expect(again).toBeInstanceOf(UploadUnknown);
    expect((await stored())?.text).toBe('a');
  });

  test('aborted is gone with its parts, however often it is aborted', async () => {
    const etag = await put(1, 'a');
    expect(await unfinished()).toContain(name);
    await transfers.abortParts(upload.key, name);
    await transfers.abortParts(upload.key, name);
    expect(await unfinished()).not.toContain(name);
    await expect(transfers.completeParts(upload.key, name, [{ number: 1, etag }], 1)).rejects.toThrow(
      UploadUnknown,
    );
  });

  test('is unknown under another key, and left alone', async () => {
    const parts = [{ number: 1, etag: await put(1, 'a') }];
    await expect(transfers.completeParts(`${upload.key}0`, name, parts, 1)).rejects.toThrow(UploadUnknown);
    await transfers.abortParts(`${upload.key}0`, name);
    await transfers.completeParts(upload.key, name, parts, 1);
  });
});

describe('a download', () => {
  const KEY = `results/a b/ü+&?#%/${'k'.repeat(900)}`;
  const contentType = 'text/csv; charset=utf-8';

  async function save(Body: string): Promise<string> {
    const { VersionId = '' } = await s3.send(new PutObjectCommand({ Bucket, Key: KEY, Body }));
    return VersionId;
  }

  test('is the version that is the result', async () => {
    const versionId = await save('old');
    await save('new');
    const url = await transfers.downloadUrl(
      { check: { bucket: Bucket, key: KEY, versionId }, contentType },
      600,
    );
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('old');
  });

  // Without a version: of one, the emulator always gives the type it was stored with.
  test('is of the type the result is called, and no other', async () => {
    await save('a');
    const url = await transfers.downloadUrl({ check: { bucket: Bucket, key: KEY }, contentType }, 600);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(contentType);
    expect((await fetch(url.replace('text%2Fcsv', 'text%2Fhtml'))).status).toBe(403);
  });
});
