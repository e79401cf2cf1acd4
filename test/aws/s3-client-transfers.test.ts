import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { S3ClientTransfers } from '../../lib/aws/s3-client-transfers.ts';
import { PLAIN_URLS, transferClient } from '../../lib/aws/s3-clients.ts';
import { UploadIncomplete, UploadUnknown } from '../../lib/core/ports/client-transfers.ts';
import { clientConfig, ScriptedEndpoint, s3Error } from '../support/scripted-endpoint.ts';

const UPLOAD = {
  key: 'requests/tickets/-/1',
  contentType: 'text/csv; charset=utf-8',
  metadata: { customer: '7', note: 'a, "b"' },
};
const SHA256 = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';

let endpoint: ScriptedEndpoint;
let transfers: S3ClientTransfers;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(s3Error(500, 'InternalError')).start();
  const client = new S3Client({ ...clientConfig(endpoint.url), ...PLAIN_URLS, forcePathStyle: true });
  transfers = new S3ClientTransfers(client, 'payloads');
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function policyOf(fields: Readonly<Record<string, string>>) {
  return JSON.parse(Buffer.from(fields.Policy ?? '', 'base64').toString());
}

function queryOf(url: string | undefined): Record<string, string> {
  return Object.fromEntries(new URL(url ?? '').searchParams);
}

const SIGNED = {
  'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
  'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD',
  'X-Amz-Credential': expect.stringMatching(/^test\/\d{8}\/us-east-1\/s3\/aws4_request$/),
  'X-Amz-Date': expect.stringMatching(/^\d{8}T\d{6}Z$/),
  'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
  'X-Amz-SignedHeaders': 'host',
};

describe('a form', () => {
  test('has all its fields and the size in its policy', async () => {
    const terms = { size: 5_000, sha256: SHA256, expiresInSeconds: 600 };
    const { url, fields } = await transfers.form(UPLOAD, terms);
    const { Policy, 'X-Amz-Signature': signature, ...held } = fields;
    expect(url).toBe(`${endpoint.url}/payloads`);
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(held).toEqual({
      bucket: 'payloads',
      key: 'requests/tickets/-/1',
      'Content-Type': 'text/csv; charset=utf-8',
      'x-amz-meta-customer': '7',
      'x-amz-meta-note': 'a, "b"',
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-checksum-sha256': SHA256,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': SIGNED['X-Amz-Credential'],
      'X-Amz-Date': SIGNED['X-Amz-Date'],
    });
    const { conditions } = policyOf(fields);
    expect(conditions).toHaveLength(Object.keys(held).length + 1);
    expect(conditions).toEqual(
      expect.arrayContaining([
        ['content-length-range', 5_000, 5_000],
        ...Object.entries(held).map(([name, value]) => ({ [name]: value })),
      ]),
    );
  });

  test('B5: binds the upload to its coding and language', async () => {
    const upload = { ...UPLOAD, contentEncoding: 'gzip', contentLanguage: 'en' };
    const { fields } = await transfers.form(upload, { size: 1, expiresInSeconds: 600 });
    const held = { 'Content-Encoding': 'gzip', 'Content-Language': 'en' };
    expect(fields).toMatchObject(held);
    const { conditions } = policyOf(fields);
    expect(conditions).toEqual(
      expect.arrayContaining([{ 'Content-Encoding': 'gzip' }, { 'Content-Language': 'en' }]),
    );
  });

  test('for an upload without a checksum does not ask for one', async () => {
    const { fields } = await transfers.form(UPLOAD, { size: 1, expiresInSeconds: 600 });
    expect(Object.keys(fields).join()).not.toContain('checksum');
  });

  test('expires at the given time', async () => {
    const before = Date.now();
    const { fields } = await transfers.form(UPLOAD, { size: 1, expiresInSeconds: 600 });
    const lifetime = Date.parse(policyOf(fields).expiration) - before;
    expect(lifetime).toBeGreaterThan(598_000);
    expect(lifetime).toBeLessThan(630_000);
  });
});

describe('the URLs', () => {
  test('of parts are in the order of their numbers, and sign only headers that a plain PUT sends', async () => {
    const urls = await transfers.partUrls(
      UPLOAD.key,
      'u/1',
      [2, 1, 10_000].map((number) => ({ number, size: 5 })),
      600,
    );
    expect(urls.map((url) => new URL(url).pathname)).toEqual(
      urls.map(() => '/payloads/requests/tickets/-/1'),
    );
    expect(urls.map(queryOf)).toEqual(
      ['2', '1', '10000'].map((partNumber) => ({
        ...SIGNED,
        'X-Amz-SignedHeaders': 'content-length;host',
        'X-Amz-Expires': '600',
        partNumber,
        uploadId: 'u/1',
        'x-id': 'UploadPart',
      })),
    );
  });

  test('of a result contain its bucket, version and type', async () => {
    const result = {
      check: { bucket: 'results', key: `results/a b/ü+${'k'.repeat(900)}`, versionId: 'v+1' },
      size: 5,
      contentType: 'text/csv; charset=utf-8',
    };
    const url = await transfers.downloadUrl(result, 60);
    expect(decodeURIComponent(new URL(url).pathname)).toBe(`/results/${result.check.key}`);
    expect(queryOf(url)).toEqual({
      ...SIGNED,
      'X-Amz-Expires': '60',
      'response-content-disposition': 'attachment',
      'response-content-type': 'text/csv; charset=utf-8',
      versionId: 'v+1',
      'x-id': 'GetObject',
    });
  });
});

test('the client for signed URLs does not sign checksums either', async () => {
  const { AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' });
  try {
    const [url] = await new S3ClientTransfers(transferClient(), 'payloads').partUrls(
      'a',
      'u',
      [{ number: 1, size: 5 }],
      60,
    );
    expect(url).toMatch(/^https?:/);
    expect(url?.toLowerCase()).not.toContain('checksum');
  } finally {
    restore({ AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY });
  }
});

function restore(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

describe('completing an upload', () => {
  const PARTS = [
    { number: 2, etag: '"b"' },
    { number: 1, etag: 'a' },
  ];

  test('lists the parts in the order of their numbers', async () => {
    endpoint.script = (_, response) => {
      response.end('<CompleteMultipartUploadResult><Key>a</Key></CompleteMultipartUploadResult>');
    };
    await transfers.completeParts(UPLOAD.key, 'u-1', PARTS, 5_000);
    const [call, ...more] = endpoint.calls;
    expect(more).toEqual([]);
    expect(call?.method).toBe('POST');
    expect(call?.url).toBe('/payloads/requests/tickets/-/1?uploadId=u-1');
    expect(call?.headers['x-amz-mp-object-size']).toBe('5000');
    expect(String(call?.body).replaceAll('&quot;', '"')).toMatch(
      /<Part><ETag>a<\/ETag><PartNumber>1<\/PartNumber><\/Part><Part><ETag>"b"<\/ETag><PartNumber>2</,
    );
  });

  test('without parts is refused', async () => {
    await expect(transfers.completeParts(UPLOAD.key, 'u-1', [], 5_000)).rejects.toThrow(UploadIncomplete);
    expect(endpoint.calls).toEqual([]);
  });

  test.each([
    ['InvalidPart', 400],
    ['InvalidPartOrder', 400],
    ['EntityTooSmall', 400],
    ['InvalidRequest', 400],
    // Once S3 has begun its answer, it can report an error only in the body.
    ['InvalidPart', 200],
  ])(
    'answered by S3 with %s (%i) finds the upload incomplete, and repeats the reason',
    async (code, status) => {
      endpoint.script = s3Error(status, code);
      const completing = transfers.completeParts(UPLOAD.key, 'u-1', PARTS, 5_000);
      await expect(completing).rejects.toThrow(UploadIncomplete);
      await expect(completing).rejects.toThrow(`${code}, it says`);
    },
  );

  test('an upload that has already ended finds it unknown', async () => {
    endpoint.script = s3Error(404, 'NoSuchUpload');
    await expect(transfers.completeParts(UPLOAD.key, 'u-1', PARTS, 5_000)).rejects.toThrow(UploadUnknown);
  });

  test.each([
    ['AccessDenied', 403],
    ['SlowDown', 503],
    ['InternalError', 200],
  ])('answered by S3 with %s (%i) rejects with that error', async (name, status) => {
    endpoint.script = s3Error(status, name);
    await expect(transfers.completeParts(UPLOAD.key, 'u-1', PARTS, 5_000)).rejects.toMatchObject({ name });
  });
});

describe('aborting an upload', () => {
  test('succeeds if the upload has already ended', async () => {
    endpoint.script = s3Error(404, 'NoSuchUpload');
    await expect(transfers.abortParts(UPLOAD.key, 'u-1')).resolves.toBeUndefined();
  });

  test('rejects with any other error', async () => {
    endpoint.script = s3Error(403, 'AccessDenied');
    await expect(transfers.abortParts(UPLOAD.key, 'u-1')).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

test('an upload in parts rejects if S3 returns no name for it', async () => {
  endpoint.script = (_, response) => response.end('<InitiateMultipartUploadResult/>');
  await expect(transfers.beginParts(UPLOAD)).rejects.toThrow(
    'began an upload of requests/tickets/-/1 without an id',
  );
});
