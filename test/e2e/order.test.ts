import { PutObjectCommand } from '@aws-sdk/client-s3';
import { expect, inject, test } from 'vitest';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { requestIdOfUpload } from '../../lib/core/model/request-id.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { localClients } from '../../lib/local/clients.ts';
import { eventually } from '../support/eventually.ts';
import { poll, recordOf } from '../support/sqs-records.ts';
import type { Behaviour } from './processors/behaviour.ts';
import { fire, firstRun, inSeconds, timersOf } from './schedule-timers.ts';
import { Service } from './service.ts';

const service = new Service('E2e-ordered');
const client = new CoatcheckClient({ baseUrl: service.apiUrl });
const { s3, sqs } = localClients(inject('endpoint'));

interface Outcome {
  readonly group: string | undefined;
  readonly subject: string;
  readonly type: string;
  /** The service whose processor ran it. */
  readonly source: string;
  readonly topic?: string;
}

/** The outcomes in the output queue by their requests, in the order in which they came first. */
const outcomes = new Map<string, Outcome>();

/** Receives and deletes what is in a queue now. @param outcomes the first of each request is added to it */
async function receive(queueUrl: string, outcomes: Map<string, Outcome>): Promise<void> {
  const received = messagesOf({ Records: (await poll(sqs, queueUrl, 10)).map(recordOf) });
  const queue = new SqsMessages(sqs, queueUrl);
  for (const message of received) {
    const { subject, type, source, topic } = JSON.parse(message.body);
    const outcome = { group: message.group, subject, type, source: decodeURIComponent(source), topic };
    if (!outcomes.has(subject)) outcomes.set(subject, outcome);
    await queue.receive(message).ack();
  }
}

/** Waits until these requests have outcomes. @returns those outcomes in the order in which they came */
async function outcomesOf(ids: readonly string[]) {
  return eventually(async () => {
    await receive(service.outputQueueUrl, outcomes);
    const found = [...outcomes.values()].filter(({ subject }) => ids.includes(subject));
    expect(found).toHaveLength(ids.length);
    return found;
  });
}

async function submit(behaviour: Behaviour, orderingKey: string, topic?: string): Promise<string> {
  return (
    await client.submit(JSON.stringify(behaviour), { contentType: 'application/json', orderingKey, topic })
  ).id;
}

test('requests of one key run in order, although the first one fails twice, and those of another key pass', async () => {
  const first = await submit({ do: 'fail', untilAttempt: 3, afterSeconds: 2 }, 'account 1');
  const second = await submit({ do: 'echo', value: 2 }, 'account 1');
  const third = await submit({ do: 'echo', value: 3 }, 'account 1');
  const other = await submit({ do: 'echo', value: 4 }, 'account 2');
  const ended = await outcomesOf([first, second, third, other]);
  const ofFirst = ended.filter(({ subject }) => subject !== other);
  expect(ofFirst.map(({ subject }) => subject)).toEqual([first, second, third]);
  expect(new Set(ofFirst.map(({ group }) => group)).size).toBe(1);
  expect(ended.findIndex(({ subject }) => subject === other)).toBeLessThan(
    ended.findIndex(({ subject }) => subject === second),
  );
});

test('an upload goes to the group of the key in its metadata', async () => {
  const submitted = await submit({ do: 'echo', value: 1 }, 'account 3');
  const key = 'requests/ordered';
  const { VersionId } = await s3.send(
    new PutObjectCommand({
      Bucket: service.bucket,
      Key: key,
      Body: '{"do":"echo","value":2}',
      ContentType: 'application/json',
      Metadata: { 'ordering-key': 'account 3' },
    }),
  );
  expect(VersionId).toMatch(/./);
  const large = await client.submit(new Blob([new Uint8Array(5 * 2 ** 20)]), {
    orderingKey: 'account 3',
  });
  const ids = [
    submitted,
    requestIdOfUpload({ bucket: service.bucket, key, version: VersionId ?? '' }),
    large.id,
  ];
  const ended = await outcomesOf(ids);
  expect(new Set(ended.map(({ group }) => group)).size).toBe(1);
  expect(ended.map(({ type }) => type.split('.').at(-1))).toEqual(['succeeded', 'succeeded', 'succeeded']);
});

test('a request goes to the processor of its topic, and its outcome to the same queue', async () => {
  const image = await submit({ do: 'echo', value: 1 }, 'account 4', 'images.small');
  const report = await submit({ do: 'fail', untilAttempt: 2, afterSeconds: 1 }, 'account 4', 'reports.daily');
  const later = await submit({ do: 'echo', value: 2 }, 'account 4', 'reports.daily');
  const ended = await outcomesOf([image, report, later]);
  const seen = Object.fromEntries(ended.map(({ subject, source, topic }) => [subject, { source, topic }]));
  expect(seen[image]).toEqual({ source: expect.stringMatching(/Service$/), topic: 'images.small' });
  expect(seen[report]).toEqual({
    source: expect.stringMatching(/Service\/Reports$/),
    topic: 'reports.daily',
  });
  expect(seen[later]).toEqual(seen[report]);
  const reports = ended.filter(({ topic }) => topic === 'reports.daily');
  expect(reports.map(({ subject }) => subject)).toEqual([report, later]);
});

test('an upload goes to the processor of the topic in its metadata', async () => {
  const Key = 'requests/about-reports';
  const { VersionId } = await s3.send(
    new PutObjectCommand({
      Bucket: service.bucket,
      Key,
      Body: '{"do":"echo","value":3}',
      ContentType: 'application/json',
      Metadata: { topic: 'reports.monthly' },
    }),
  );
  const id = requestIdOfUpload({ bucket: service.bucket, key: Key, version: VersionId ?? '' });
  const large = await client.submit(new Blob([new Uint8Array(5 * 2 ** 20)]), { topic: 'reports.yearly' });
  const [first, second] = await outcomesOf([id, large.id]);
  const topics = [first, second].map((outcome) => [outcome?.topic, outcome?.source.split('/').at(-1)]);
  expect(topics.toSorted()).toEqual([
    ['reports.monthly', 'Reports'],
    ['reports.yearly', 'Reports'],
  ]);
});

test('a subscription has the outcomes of each group in the order of the output queue', async () => {
  const received = new Map<string, Outcome>();
  // Other tests use this service too.
  const journal = () => [...received.values()].filter(({ subject }) => outcomes.has(subject));
  await eventually(async () => {
    await receive(service.output('JournalQueueUrl'), received);
    expect(journal()).toHaveLength(outcomes.size);
  });
  const byGroup = (all: Iterable<Outcome>) => new Map(Map.groupBy(all, ({ group }) => group));
  expect(byGroup(journal())).toEqual(byGroup(outcomes.values()));
});

test('a schedule submits a request, and later starts are refused', async () => {
  const id = await firstRun(service, 'in.order', { do: 'echo', value: 6 });
  expect(await outcomesOf([id])).toMatchObject([{ type: 'coatcheck.request.succeeded' }]);
  const [timer] = await timersOf(service, 'in.order');
  expect((await service.call('DELETE', '/v1/schedules/in.order')).status).toBe(204);
  // A timer that could not be stopped.
  await fire(timer, { createdAt: 0 });
  const later = await service.call('POST', '/v1/requests', {
    body: '1',
    headers: { 'Coatcheck-Not-Before': inSeconds(3_600) },
  });
  expect(await later.json()).toMatchObject({ code: 'not_before_unsupported' });
});
