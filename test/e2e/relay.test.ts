import { createHash } from 'node:crypto';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, inject, test } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { Service } from './service.ts';

const service = new Service('E2e-commonjs');
const lambda = new LambdaClient(localConfig(inject('endpoint')));

/** What an event source does with a batch. @returns the error of the function, if it failed */
async function invokeRelay(event: unknown): Promise<string | undefined> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: service.output('RelayFunctionName'), Payload: JSON.stringify(event) }),
  );
  return FunctionError && Payload?.transformToString();
}

function kafkaRecord(offset: number, body: string) {
  const headers = [{ RequestId: [...Buffer.from(`relay-${offset}`)] }];
  const place = { topic: 'orders', partition: 0, offset, timestamp: 1_795_867_200_000 };
  return { ...place, timestampType: 'CREATE_TIME', value: Buffer.from(body).toString('base64'), headers };
}

test('records of Kafka become requests, also those that are too large for the queue', async () => {
  const bodies = ['{"x":1}', JSON.stringify('x'.repeat(1_500_000))];
  const event = {
    eventSource: 'aws:kafka',
    records: { 'orders-0': bodies.map((body, n) => kafkaRecord(n, body)) },
  };
  expect(await invokeRelay(event)).toBeUndefined();
  for (const [n, body] of bodies.entries()) {
    const digest = createHash('sha256').update(body).digest('hex');
    expect(await service.event(`relay-${n}`)).toMatchObject({ data: { digest } });
  }
});

test('a message of RabbitMQ is a request', async () => {
  const basicProperties = { messageId: 'relay-rabbitmq', contentType: 'application/json', headers: null };
  const event = {
    eventSourceArn: 'arn:aws:mq:us-east-1:000000000000:broker:orders:b-1234',
    rmqMessagesByQueue: { 'orders::/': [{ basicProperties, redelivered: false, data: 'eyJ4IjozfQ==' }] },
  };
  expect(await invokeRelay(event)).toBeUndefined();
  const digest = createHash('sha256').update('{"x":3}').digest('hex');
  expect(await service.event('relay-rabbitmq')).toMatchObject({ data: { digest } });
});

test('the relay refuses events of other sources', async () => {
  expect(await invokeRelay({ Records: [] })).toContain(
    'Expected an event of an event source for Kafka or RabbitMQ',
  );
});
