import { describe, expect, test } from 'vitest';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('a message on the input queue', () => {
  test('plain JSON, with its request id as an attribute', async () => {
    await service.send({
      body: JSON.stringify({ do: 'echo', value: 1 }),
      attributes: { RequestId: 'plain-1', Colour: 'red' },
    });

    expect(await service.event('plain-1')).toMatchObject({ data: { value: 1, metadata: { Colour: 'red' } } });
  });

  test('CloudEvent: its id is the ticket, and its trace continues', async () => {
    const data = { do: 'echo', value: { big: 1 } };
    const event = {
      specversion: '1.0',
      id: 'ce-1',
      source: '/shop',
      type: 'order.placed',
      traceparent,
      data,
    };
    await service.send({ body: JSON.stringify(event) });

    expect(await service.event('ce-1')).toMatchObject({
      type: 'coatcheck.request.succeeded',
      requestsource: '/shop',
      traceparent,
      data: { value: { big: 1 }, metadata: { type: 'order.placed' } },
    });
  });

  test('CloudEvent with a dataref: the object is the payload', async () => {
    const { version } = await service.upload(
      'payloads/ref.json',
      JSON.stringify({ do: 'echo', value: 'by ref' }),
    );
    const dataref = `s3://${service.bucket}/payloads/ref.json?versionId=${version}`;
    const event = { specversion: '1.0', id: 'ce-2', source: '/shop', type: 'order.placed', dataref };
    await service.send({ body: JSON.stringify(event) });

    expect(await service.event('ce-2')).toMatchObject({ data: { value: 'by ref' } });
  });

  test('malformed CloudEvent: fails with a code, under its id', async () => {
    await service.send({
      body: JSON.stringify({ specversion: '1.0', id: 'ce-3', source: '/shop', data: 1 }),
    });

    expect(await service.event('ce-3')).toMatchObject({
      type: 'coatcheck.request.failed',
      data: { code: 'envelope_malformed', detail: expect.stringContaining('type') },
    });
  });

  /** Pointers of the extended clients for Python, Java and older Java, with the content type of their objects. */
  const extendedClients = [
    [
      'python',
      'software.amazon.payloadoffloading.PayloadS3Pointer',
      'ExtendedPayloadSize',
      ', ',
      'binary/octet-stream',
    ],
    ['java', 'software.amazon.payloadoffloading.PayloadS3Pointer', 'SQSLargePayloadSize', ',', 'text/plain'],
    ['older-java', 'com.amazon.sqs.javamessaging.MessageS3Pointer', 'SQSLargePayloadSize', ',', 'text/plain'],
  ] as const;

  describe.each(extendedClients)(
    'B6: offloaded by an extended client, %s',
    (client, pointerClass, sizeAttribute, comma, contentType) => {
      async function offload(name: string, body: string, attributes: Record<string, string> = {}) {
        const key = `payloads/${client}-${name}`;
        await service.upload(key, body, contentType);
        const pointer = JSON.stringify({ s3BucketName: service.bucket, s3Key: key });
        await service.send({
          body: `["${pointerClass}"${comma}${pointer}]`,
          attributes: { ...attributes, [sizeAttribute]: String(Buffer.byteLength(body)) },
        });
      }

      test('JSON is JSON', async () => {
        const RequestId = `offloaded-${client}`;
        await offload('json', JSON.stringify({ do: 'echo', value: client }), { RequestId, Colour: 'red' });

        expect(await service.event(RequestId)).toMatchObject({
          data: { value: client, contentType: 'application/json', metadata: { Colour: 'red' } },
        });
      });

      test('a CloudEvent: its id is the ticket', async () => {
        const id = `offloaded-event-${client}`;
        const data = { do: 'echo', value: 'x'.repeat(300_000) };
        await offload(
          'event',
          JSON.stringify({ specversion: '1.0', id, source: '/shop', type: 'order.placed', data }),
        );

        expect(await service.event(id)).toMatchObject({
          type: 'coatcheck.request.succeeded',
          requestsource: '/shop',
        });
      });
    },
  );

  test('B11: wrapped by SNS: its id is the id of the publication', async () => {
    const id = await service.publish(JSON.stringify({ do: 'echo', value: 'published' }));

    expect(await service.event(id)).toMatchObject({
      type: 'coatcheck.request.succeeded',
      data: { value: 'published', contentType: 'application/json' },
    });
  });

  test('B11: upload with events from SNS and EventBridge: one request', async () => {
    const key = 'payloads/told.json';
    const { id, version } = await service.upload(key, JSON.stringify({ do: 'echo', value: 'told' }));
    const bucket = { name: service.bucket };
    const s3 = { bucket, object: { key, versionId: version } };
    const byS3 = { eventVersion: '2.4', eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3 };
    await service.publish(JSON.stringify({ Records: [byS3] }));
    await service.event(id);
    const byEventBridge = {
      version: '0',
      id: '17793124-05d4-b198-2fde-7ededc63b103',
      'detail-type': 'Object Created',
      source: 'aws.s3',
      account: '111122223333',
      time: '2026-01-31T12:00:00Z',
      region: 'us-east-1',
      resources: [`arn:aws:s3:::${service.bucket}`],
      detail: { version: '0', bucket, object: { key, 'version-id': version } },
    };
    await service.send({ body: JSON.stringify(byEventBridge) });

    const [one, another] = await service.events(id, 2);
    expect(one).toMatchObject({ data: { value: 'told', attempt: 1 } });
    expect(another?.id).toBe(one?.id);
  });

  test('a claim check to a foreign bucket is rejected (fault 33)', async () => {
    const pointer = { s3BucketName: 'somebody-elses', s3Key: 'secret' };
    await service.send({
      body: JSON.stringify(['software.amazon.payloadoffloading.PayloadS3Pointer', pointer]),
      attributes: { RequestId: 'foreign-1' },
    });

    expect(await service.event('foreign-1')).toMatchObject({ data: { code: 'claim_check_refused' } });
  });
});
