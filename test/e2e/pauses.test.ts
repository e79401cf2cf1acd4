import { createServer } from 'node:http';
import {
  GetEventSourceMappingCommand,
  LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { requestIdOfUpload } from '../../lib/core/model/request-id.ts';
import { LambdaEventSource } from '../../lib/lambda/lambda-event-source.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
import { freePort } from '../local/free-port.ts';
import { Service } from './service.ts';

const REQUESTS = 30;

const service = new Service('E2e-pausing');
const lambda = new LambdaClient(localConfig(inject('endpoint')));

async function stateOfSource(): Promise<string | undefined> {
  const UUID = service.output('EventSource');
  return (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State;
}

/** Counts messages of the pause queue, including delayed ones and those in flight. */
async function messagesAboutPauses(): Promise<number> {
  const { Attributes = {} } = await localClients(inject('endpoint')).sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: service.output('PauseQueueUrl'), AttributeNames: ['All'] }),
  );
  const {
    ApproximateNumberOfMessages: visible,
    ApproximateNumberOfMessagesNotVisible: hidden,
    ApproximateNumberOfMessagesDelayed: delayed,
  } = Attributes;
  return Number(visible) + Number(hidden) + Number(delayed);
}

/** A server that starts later; until then, its port is closed. */
async function laterServer() {
  const server = createServer((_, response) => response.end('here'));
  const port = await freePort();
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}/`, begin: () => void server.listen(port, '127.0.0.1') };
}

test('a dependency is down: processing pauses and resumes, and no request suffers (faults 25 and 27)', async () => {
  const { url, begin } = await laterServer();
  expect(await stateOfSource()).toBe('Enabled');
  const ids = Array.from({ length: REQUESTS }, (_, index) => `pausing-${index}`);
  for (let first = 0; first < REQUESTS; first += 10) {
    await service.send(...ids.slice(first, first + 10).map((id) => service.ask(id, { do: 'call', url })));
  }
  await expect.poll(stateOfSource).toBe('Disabled');

  begin();
  for (const id of ids) {
    expect(await service.event(id)).toMatchObject({
      type: 'coatcheck.request.succeeded',
      data: { answer: 'here' },
    });
  }
  const received = service
    .receivedFrom('OutputQueueUrl')
    .map(({ body }): unknown => JSON.parse(body).subject);
  expect(new Set(received)).toEqual(new Set(ids));
  await expect.poll(stateOfSource).toBe('Enabled');
  const records = await Promise.all(ids.map((id) => service.record(id)));
  const uncounted = records.map((record) => record?.uncountedAttempts ?? 0);
  expect(Math.max(...uncounted)).toBeGreaterThan(0);
  expect(records.map((record) => (record?.attempts ?? 0) - (record?.uncountedAttempts ?? 0))).toEqual(
    ids.map(() => 1),
  );
});

test('C1: the end of a pause does not enable an event source that an operator has disabled', async () => {
  const UUID = service.output('EventSource');
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  await expect.poll(messagesAboutPauses).toBe(0);
  expect(await stateOfSource()).toBe('Disabled');
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
});

test('A1: a result larger than a message of the output queue is sent by reference, without a pause', async () => {
  await service.send(service.ask('a1', { do: 'stamp', padding: 90_000 }));
  expect(await service.event('a1')).toMatchObject({
    type: 'coatcheck.request.succeeded',
    dataref: expect.stringMatching(/^s3:/),
  });
  expect(await stateOfSource()).toBe('Enabled');
});

test('A2: results of about the maximum message size are published, with the trace of their uploads', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  // With the trace, some of these outcomes just exceed the limit.
  const paddings = Array.from({ length: 12 }, (_, index) => 64_700 + 60 * index);
  const { s3 } = localClients(inject('endpoint'));
  const ids = await Promise.all(
    paddings.map(async (padding) => {
      const key = `requests/a2-${padding}.json`;
      const { VersionId: version = '' } = await s3.send(
        new PutObjectCommand({
          Bucket: service.bucket,
          Key: key,
          Body: JSON.stringify({ do: 'stamp', padding }),
          ContentType: 'application/json',
          Metadata: { traceparent },
        }),
      );
      return requestIdOfUpload({ bucket: service.bucket, key, version });
    }),
  );
  const events = await Promise.all(ids.map((id) => service.event(id)));
  expect(events.map(({ type }) => type)).toEqual(ids.map(() => 'coatcheck.request.succeeded'));
  expect(events.map((event) => event.traceparent)).toEqual(ids.map(() => traceparent));
  expect(new Set(events.map(({ dataref }) => dataref !== undefined))).toEqual(new Set([false, true]));
  expect(await stateOfSource()).toBe('Enabled');
});

/** Asks the API for something, as an operator. */
async function ask(method: string, path: string, json?: unknown): Promise<unknown> {
  const response = await service.call(method, path, { json });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const Alarms = z.object({ alarms: z.array(z.object({ name: z.string(), description: z.string() })) });

/** How many pauses the event source is disabled for. */
async function reasons(): Promise<number> {
  const source = new LambdaEventSource(lambda, service.output('EventSource'));
  const { pauses, operatorPauses } = await source.reasons();
  return pauses.size + operatorPauses.size;
}

describe('a pause of an operator', () => {
  const reason = 'The database moves';

  /** Pauses processing, and submits a request that waits. */
  async function pause(seconds: number) {
    const until = new Date(Date.now() + seconds * 1_000).toISOString();
    expect(await ask('PUT', '/v1/pause', { until, reason })).toMatchObject({ until, reason });
    await expect.poll(stateOfSource).toBe('Disabled');
    return { until, id: (await service.submit({ do: 'stamp' })).id };
  }

  test('has requests wait, who see why, until it is ended', async () => {
    const { until, id } = await pause(600);
    // The function of the API reads the load again after some seconds.
    await expect
      .poll(() => ask('GET', '/v1/status'))
      .toMatchObject({ accepting: true, pause: { until, reason } });
    await expect
      .poll(() => ask('GET', `/v1/requests/${id}`))
      .toMatchObject({
        attempts: 0,
        why: expect.stringMatching(/^processing is paused until .*: The database moves$/),
      });
    await ask('DELETE', '/v1/pause');
    expect(await service.event(id)).toMatchObject({ type: 'coatcheck.request.succeeded' });
    expect(await stateOfSource()).toBe('Enabled');
    await expect.poll(() => ask('GET', '/v1/status')).not.toHaveProperty('pause');
  });

  test('ends by itself', async () => {
    // What ends the pause before it is still on its way, and must not end this one.
    const { until, id } = await pause(15);
    expect(await service.event(id)).toMatchObject({ type: 'coatcheck.request.succeeded' });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(until));
    expect(await stateOfSource()).toBe('Enabled');
    await expect.poll(reasons).toBe(0);
  });
});

test('operators see the alarms of the stack’s service, and its activity', async () => {
  const { alarms } = Alarms.parse(await ask('GET', '/v1/alarms'));
  expect(alarms.map(({ name }) => name).toSorted()).toEqual([
    ...['ApiErrors', 'ApiServerErrors', 'ApiThrottles', 'DeadLetters', 'OldestHighRequest'],
    ...['OldestLowRequest', 'OldestRequest', 'PauseDeadLetters', 'Paused', 'Throttles'],
  ]);
  for (const { description } of alarms) expect(description).toContain('e2e-pausing');
  expect(await ask('GET', '/v1/activity?hours=1')).toHaveProperty('missing');
});
