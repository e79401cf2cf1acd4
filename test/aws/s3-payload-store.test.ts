import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { S3PayloadStore } from '../../lib/aws/s3-payload-store.ts';
import {
  CoatcheckError,
  PayloadChecksumMismatch,
  PayloadDenied,
  PayloadInOtherRegion,
  PayloadMissing,
  ResultConflict,
  StoreUnavailable,
} from '../../lib/core/base/errors.ts';
import type { ClaimCheck } from '../../lib/core/model/claim-check.ts';
import { eventually } from '../support/eventually.ts';
import { clientConfig, ScriptedEndpoint, s3Error } from '../support/scripted-endpoint.ts';
import { chunked, readAll } from '../support/streams.ts';

const CHECK = { bucket: 'payloads', key: 'requests/a b/ü', versionId: 'v+1' };
const { signal } = new AbortController();

let endpoint: ScriptedEndpoint;
let store: S3PayloadStore;

beforeEach(async () => {
  endpoint = await new ScriptedEndpoint(s3Error(500, 'InternalError')).start();
  store = new S3PayloadStore(
    new S3Client({ ...clientConfig(endpoint.url), forcePathStyle: true }),
    'payloads',
  );
});
afterEach(() => endpoint[Symbol.asyncDispose]());

function opening(check: ClaimCheck = CHECK): Promise<unknown> {
  return store.open(check, signal).then(
    () => 'opened',
    (error) => error,
  );
}

describe('opening', () => {
  test('E11: of a bucket in another region says in which', async () => {
    endpoint.script = (call, response) => {
      response.setHeader('x-amz-bucket-region', 'eu-west-1');
      s3Error(301, 'PermanentRedirect')(call, response);
    };
    expect(await opening()).toMatchObject({
      code: 'payload_in_other_region',
      details: { region: 'eu-west-1' },
      message: expect.stringContaining('is in the region eu-west-1'),
    });
    expect(endpoint.calls).toHaveLength(1);
  });

  test('asks for the version of the claim check', async () => {
    endpoint.script = (_, response) => response.end('hello');
    await store.open(CHECK, signal);
    expect(endpoint.calls[0]).toMatchObject({ method: 'GET' });
    const url = new URL(endpoint.calls[0]?.url ?? '', endpoint.url);
    expect(decodeURIComponent(url.pathname)).toBe('/payloads/requests/a b/ü');
    expect(url.searchParams.get('versionId')).toBe('v+1');
  });

  test.each([
    [404, 'NoSuchKey', PayloadMissing],
    [404, 'NoSuchVersion', PayloadMissing],
    [404, 'NoSuchBucket', PayloadMissing],
    [405, 'MethodNotAllowed', PayloadMissing],
    [400, 'InvalidArgument', PayloadMissing],
    [400, 'InvalidURI', PayloadMissing],
    [400, 'InvalidRequest', PayloadDenied],
    [301, 'PermanentRedirect', PayloadInOtherRegion],
    [400, 'AuthorizationHeaderMalformed', PayloadInOtherRegion],
    [400, 'IllegalLocationConstraintException', PayloadInOtherRegion],
    [403, 'AccessDenied', PayloadDenied],
    [403, 'InvalidObjectState', PayloadDenied],
  ])('is over for good with %i %s', async (status, code, kind) => {
    endpoint.script = s3Error(status, code);
    const error = await opening();
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({
      message: expect.stringContaining('s3://payloads/requests/a%20b/%C3%BC?versionId=v%2B1'),
      cause: { name: code },
    });
  });

  test.each([
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [400, 'RequestTimeout'],
    [403, 'RequestTimeTooSkewed'],
    [400, 'ExpiredToken'],
    [400, 'KMS.ThrottlingException'],
  ])('may go better later with %i %s', async (status, code) => {
    endpoint.script = s3Error(status, code);
    const error = await opening();
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({
      message: expect.stringContaining('s3://payloads/requests/'),
      cause: { name: code },
    });
  });

  test.each([
    ['of one object only', 'payloads', 400, 'KMS.DisabledException'],
    ['of a bucket of others', 'elsewhere', 503, 'SlowDown'],
  ])('says nothing of the service’s own bucket when it is %s: %s, %i %s', async (_, bucket, status, code) => {
    endpoint.script = s3Error(status, code);
    const error = await opening({ ...CHECK, bucket });
    expect(error).not.toBeInstanceOf(CoatcheckError);
    expect(error).toMatchObject({ name: code });
  });
});

test.each([
  [404, 'NoSuchKey'],
  [403, 'AccessDenied'],
])('nothing was saved under a key that S3 answers with %i %s', async (status, code) => {
  endpoint.script = s3Error(status, code);
  expect(await store.recall('results/r-1', signal)).toBeUndefined();
});

describe('reading', () => {
  test('bytes that don’t match their checksum is over for good', async () => {
    endpoint.script = (_, response) =>
      response.writeHead(200, { 'x-amz-checksum-crc32': 'AAAAAA==' }).end('hello');
    const { body } = await store.open(CHECK, signal);
    await expect(readAll(body)).rejects.toThrow(PayloadChecksumMismatch);
  });

  test('bytes that match it', async () => {
    endpoint.script = (_, response) =>
      response.writeHead(200, { 'x-amz-checksum-crc32': 'NhCmhg==' }).end('hello');
    const { body } = await store.open(CHECK, signal);
    expect(String(await readAll(body))).toBe('hello');
  });

  test.each(['md5', 'sha512', 'xxhash64', 'xxhash3', 'xxhash128'])(
    'bytes whose checksum can’t be compared: %s',
    async (algorithm) => {
      endpoint.script = (_, response) =>
        response.writeHead(200, { [`x-amz-checksum-${algorithm}`]: 'AAAAAAAAAAA=' }).end('hello');
      const { body } = await store.open(CHECK, signal);
      expect(String(await readAll(body))).toBe('hello');
    },
  );

  test.each([
    ['crc64nvme', 'M3eFcAZSQlc='],
    ['crc32c', 'mnG7TA=='],
    ['sha1', 'qvTGHdzF6KLavt4PO0gs2a6pQ00='],
    ['sha256', 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ='],
  ])(
    'bytes of every kind of checksum that can, and says when it differs: %s',
    async (algorithm, checksum) => {
      const read = async (value: string) => {
        endpoint.script = (_, response) =>
          response.writeHead(200, { [`x-amz-checksum-${algorithm}`]: value }).end('hello');
        return String(await readAll((await store.open(CHECK, signal)).body));
      };
      expect(await read(checksum)).toBe('hello');
      await expect(read(`AAAA${checksum.slice(4)}`)).rejects.toThrow(PayloadChecksumMismatch);
    },
  );

  test.each([{}, { 'x-amz-checksum-crc32': 'NhCmhg==' }])(
    'a body whose connection breaks fails, and may go better later: %j',
    async (headers) => {
      endpoint.script = (_, response) => {
        response.writeHead(200, { 'content-length': 100, ...headers });
        response.write('hello', () => response.destroy());
      };
      const { body, size } = await store.open(CHECK, signal);
      expect(size).toBe(100);
      const error = await readAll(body).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toHaveProperty('code', expect.stringMatching(/^payload_/));
    },
  );

  test.each([{}, { 'x-amz-checksum-crc32': 'NhCmhg==' }])(
    'a body whose connection breaks before it is read fails when it is read: %j',
    async (headers) => {
      endpoint.script = (_, response) => {
        response.writeHead(200, { 'content-length': 100, ...headers });
        response.write('hello');
      };
      const { body } = await store.open(CHECK, signal);
      endpoint.breakConnections();
      await eventually(() => expect(endpoint.connections).toBe(0));
      // The reader's end of the connection learns of it a little later.
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      await expect(readAll(body)).rejects.toThrow();
    },
  );

  test.each([{}, { 'x-amz-checksum-crc32': 'NhCmhg==' }])(
    'what is discarded unread frees the connection: %j',
    async (headers) => {
      endpoint.script = (_, response) => {
        response.writeHead(200, { 'content-length': 1_000_000_000, ...headers });
        response.write(Buffer.alloc(65_536));
      };
      const { discard } = await store.open(CHECK, signal);
      expect(endpoint.connections).toBe(1);
      discard();
      await eventually(() => expect(endpoint.connections).toBe(0));
    },
  );

  test('ends when the signal fires', async () => {
    endpoint.script = (_, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('hello');
    };
    const controller = new AbortController();
    const { body } = await store.open(CHECK, controller.signal);
    const reading = readAll(body);
    controller.abort();
    await expect(reading).rejects.toThrow();
    await eventually(() => expect(endpoint.connections).toBe(0));
  });
});

describe('saving', () => {
  const save = () => store.save('results/a', chunked('hello'), 'text/plain', signal);

  test('asks for the key to be free', async () => {
    endpoint.script = (_, response) => response.writeHead(200, { 'x-amz-version-id': 'v1' }).end();
    expect(await save()).toEqual({
      check: { bucket: 'payloads', key: 'results/a', versionId: 'v1' },
      size: 5,
      contentType: 'text/plain',
    });
    expect(endpoint.calls).toMatchObject([
      { method: 'PUT', headers: { 'if-none-match': '*', 'content-type': 'text/plain' } },
    ]);
  });

  test.each([
    [412, 'PreconditionFailed'],
    [409, 'ConditionalRequestConflict'],
  ])('after %i %s takes what another attempt has written', async (status, code) => {
    endpoint.script = (call, response) => {
      if (call.method !== 'HEAD') return s3Error(status, code)(call, response);
      response
        .writeHead(200, { 'x-amz-version-id': 'v0', 'content-length': 9, 'content-type': 'text/csv' })
        .end();
    };
    expect(await save()).toEqual({
      check: { bucket: 'payloads', key: 'results/a', versionId: 'v0' },
      size: 9,
      contentType: 'text/csv',
    });
  });

  test.each([
    [404, ResultConflict],
    // Without leave to list the bucket.
    [403, ResultConflict],
    [503, StoreUnavailable],
  ])('E11: after a conflict with another attempt and %i fails by a code of its own', async (status, kind) => {
    const missing = s3Error(status, 'NotFound');
    const conflict = s3Error(409, 'ConditionalRequestConflict');
    endpoint.script = (call, response) => (call.method === 'HEAD' ? missing : conflict)(call, response);
    const error = await save().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(kind);
    expect(error.code).toBe(kind === ResultConflict ? 'result_conflict' : 'store_unavailable');
  });

  test('fails with what S3 says', async () => {
    endpoint.script = s3Error(503, 'SlowDown');
    const error = await save().catch((thrown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({ cause: { name: 'SlowDown' } });
  });
});
