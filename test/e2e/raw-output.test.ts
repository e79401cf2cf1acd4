import { DeleteObjectCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { parseClaimCheck } from '../../lib/core/model/claim-check.ts';
import { type Received, Service } from './service.ts';

const service = new Service('E2e-raw');

test('raw output: the body is the result, and attributes hold the rest', async () => {
  await service.send(service.ask('raw-1', { do: 'echo', value: 'ü' }));

  const [message] = await service.outputs(1, isOf('raw-1'));
  expect(JSON.parse(message?.body ?? '')).toMatchObject({ value: 'ü' });
  expect(message?.attributes).toEqual({
    RequestId: 'raw-1',
    Status: 'succeeded',
    ContentType: 'application/json',
  });
});

test('raw output of a failure: the body is the problem', async () => {
  await service.send(service.ask('raw-2', { do: 'refuse', reason: 'no' }));

  const [message] = await service.outputs(1, isOf('raw-2'));
  expect(JSON.parse(message?.body ?? '')).toMatchObject({ code: 'refused', detail: 'no' });
  expect(message?.attributes).toMatchObject({ Status: 'failed', ContentType: 'application/problem+json' });
});

test('raw output of a large result: an extended-client pointer to a consumer copy', async () => {
  await service.send(service.ask('raw-3', { do: 'fill', megabytes: 2 }));

  const [message] = await service.outputs(1, isOf('raw-3'));
  const [pointerClass, pointer] = JSON.parse(message?.body ?? '[]');
  expect(pointerClass).toBe('software.amazon.payloadoffloading.PayloadS3Pointer');
  expect(pointer).toEqual({
    s3BucketName: service.bucket,
    s3Key: expect.stringMatching(/^consumer-copies\//),
  });
  expect(message?.attributes).toMatchObject({ Status: 'succeeded', ExtendedPayloadSize: '2000000' });

  // As the library does: by its key, and deleted afterwards.
  const object = { Bucket: pointer.s3BucketName, Key: pointer.s3Key };
  const { s3 } = service.clientsOf('Consumer');
  const { Body } = await s3.send(new GetObjectCommand(object));
  expect(await Body?.transformToString()).toHaveLength(2_000_000);
  await s3.send(new DeleteObjectCommand(object));
});

test('B7: raw output of binary data: a reference, without affecting other messages', async () => {
  const bytes = Buffer.alloc(300, 255);
  await service.send(
    service.ask('raw-4', { do: 'echo', value: 1 }),
    service.ask('raw-5', { do: 'bytes', base64: bytes.toString('base64') }),
    service.ask('raw-6', { do: 'bytes', base64: Buffer.from('text').toString('base64') }),
  );

  const [message] = await service.outputs(1, isOf('raw-5'));
  const reference = message?.attributes.DataRef ?? '';
  expect(message).toEqual({
    body: reference,
    attributes: {
      RequestId: 'raw-5',
      Status: 'succeeded',
      ContentType: 'application/octet-stream',
      DataRef: reference,
    },
  });
  const { bucket, key, versionId } = parseClaimCheck(reference);
  expect([bucket, key]).toEqual([service.bucket, expect.stringMatching(/^results\//)]);
  expect(await service.objectBytes(key, versionId)).toEqual(bytes);
  const [neighbour] = await service.outputs(1, isOf('raw-6'));
  expect(neighbour?.body).toBe('text');
});

function isOf(requestId: string) {
  return ({ attributes }: Received) => attributes.RequestId === requestId;
}
