import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseClaimCheck } from '../../lib/core/model/claim-check.ts';
import { requestIdOfUpload } from '../../lib/core/model/request-id.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

describe('an uploaded payload', () => {
  test('small: its result is inline', async () => {
    const { id } = await service.upload(
      'requests/small.json',
      JSON.stringify({ do: 'echo', value: [1, 'zwei'] }),
    );

    expect(await service.event(id)).toMatchObject({
      specversion: '1.0',
      type: 'coatcheck.request.succeeded',
      source: '/coatcheck/e2e-cloudevents',
      datacontenttype: 'application/json',
      data: { value: [1, 'zwei'], attempt: 1 },
    });
  });

  test('large: it is streamed', async () => {
    const payload = gzipSync(Buffer.alloc(12_000_000, 'x'), { level: 0 });
    const { id } = await service.upload('requests/large.bin', payload, 'application/octet-stream');

    expect(await service.event(id)).toMatchObject({ data: { bytes: payload.byteLength } });
  });

  test('with a large result: the outcome has a reference', async () => {
    const { id } = await service.upload('requests/fill.json', JSON.stringify({ do: 'fill', megabytes: 18 }));

    const { dataref = '', data, datacontenttype } = await service.event(id);
    const { bucket, key, versionId } = parseClaimCheck(dataref);
    expect({ bucket, data, datacontenttype }).toEqual({
      bucket: service.bucket,
      data: undefined,
      datacontenttype: 'application/octet-stream',
    });
    expect((await service.object(key, versionId)).length).toBe(18_000_000);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('B5: with the Content-Encoding %s is decoded', async (contentEncoding, encode) => {
    const payload = encode(JSON.stringify({ do: 'echo', value: contentEncoding }));
    const { id } = await service.upload(
      `requests/${contentEncoding}.json`,
      payload,
      'application/json',
      contentEncoding,
    );

    expect(await service.event(id)).toMatchObject({ data: { value: contentEncoding } });
  });

  test('B5: with an unknown Content-Encoding fails with a code', async () => {
    const { id } = await service.upload('requests/exi.json', '{}', 'application/json', 'exi');

    expect(await service.event(id)).toMatchObject({
      data: { code: 'content_encoding_unsupported', attempts: 1 },
    });
  });

  test('B10: a folder is ignored', async () => {
    const folder = await service.upload('requests/2026/', '', 'application/x-directory');
    const { id } = await service.upload('requests/2026/a.json', JSON.stringify({ do: 'echo', value: 'a' }));

    expect(await service.event(id)).toMatchObject({ data: { value: 'a' } });
    expect(await service.record(folder.id)).toBeUndefined();
  });

  test('invalid: fails at once, with a code', async () => {
    const { id } = await service.upload('requests/broken.json', '{"do": "echo"');

    expect(await service.event(id)).toMatchObject({
      type: 'coatcheck.request.failed',
      datacontenttype: 'application/json',
      data: { code: 'json_invalid', attempts: 1 },
    });
  });

  test('empty: fails with its own code (fault 7)', async () => {
    const { id } = await service.upload('requests/empty.json', '');

    expect(await service.event(id)).toMatchObject({ data: { code: 'payload_empty' } });
  });

  test('under a key with spaces, plus and other letters (fault 7)', async () => {
    const key = 'requests/a b+c/ü=100%&?#.json';
    const { id } = await service.upload(key, JSON.stringify({ do: 'echo', value: 'found' }));

    expect(await service.event(id)).toMatchObject({ data: { value: 'found' } });
  });

  test('overwritten at once: two requests, each with its version (fault 6)', async () => {
    const key = 'requests/overwritten.json';
    const first = await service.upload(key, JSON.stringify({ do: 'echo', value: 'first' }));
    const second = await service.upload(key, JSON.stringify({ do: 'echo', value: 'second' }));

    expect(second.id).not.toBe(first.id);
    expect(await service.event(first.id)).toMatchObject({ data: { value: 'first' } });
    expect(await service.event(second.id)).toMatchObject({ data: { value: 'second' } });
  });

  test('with a duplicate event: one request, one outcome id, one result (fault 5)', async () => {
    const key = 'payloads/duplicate.json';
    const { version, id } = await service.upload(key, JSON.stringify({ do: 'fill', megabytes: 1 }));
    const event = { body: s3Event(key, version) };
    await service.send(event);
    await service.events(id);
    await service.send(event);

    const [first, second] = await service.events(id, 2);
    expect(second?.id).toBe(first?.id);
    expect(second?.dataref).toBe(first?.dataref);
  });

  test('deleted before it is read: fails with its own code (faults 7, 33)', async () => {
    const key = 'payloads/gone.json';
    const { version } = await service.upload(key, '{}');
    await service.remove(key, version);
    await service.send({ body: s3Event(key, version) });

    const id = requestIdOfUpload({ bucket: service.bucket, key, version });
    expect(await service.event(id)).toMatchObject({ data: { code: 'payload_missing', attempts: 1 } });
  });
});

/** An event of S3, with the members that the service reads. */
function s3Event(key: string, versionId: string): string {
  const object = { key, versionId, sequencer: '0055AED6DCD90281E5' };
  const s3 = { bucket: { name: service.bucket }, object };
  return JSON.stringify({
    Records: [{ eventVersion: '2.4', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 }],
  });
}
