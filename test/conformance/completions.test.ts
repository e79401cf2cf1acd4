import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, inject, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { maxReceivesOf } from '../../lib/core/config/receive-budget.ts';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import type { ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { MemoryInputQueue } from '../../lib/stores/memory/input-queue.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { intercept } from '../../lib/testing/intercept.ts';
import { outcomeEvent, statusOf } from '../support/outcome-event.ts';
import { drain } from '../support/queue-driver.ts';
import { createRequestTable } from '../support/request-table.ts';
import { engineSettings } from '../support/settings.ts';
import { TestClock } from '../support/test-clock.ts';

const REQUESTS = 40;

/** What happens to a call of the record store, by turns: mostly nothing. */
const EVENTS = [
  'works',
  'dies after',
  'works',
  'fails after',
  'works',
  'fails before',
  'works',
  'works',
  'dies before',
];

const dynamodb = new DynamoDBClient(localConfig(inject('endpoint')));

/** Counts requests in an item that all of them share, and notes each in an item of its own. */
function countAndNote(table: string, request: ProcessorRequest) {
  const counter = {
    TableName: table,
    Key: { [RECORD_KEY]: { S: 'counter' } },
    UpdateExpression: 'ADD #count :one',
    ExpressionAttributeNames: { '#count': 'count' },
    ExpressionAttributeValues: { ':one': { N: '1' } },
  };
  const note = { ...counter, Key: { [RECORD_KEY]: { S: request.id } } };
  return request.complete(request.attempt, { dynamodb: [{ Update: counter }, { Update: note }] });
}

test('on DynamoDB, what handlers write is written once for each request, whatever dies, is lost or collides', async () => {
  const clock = new TestClock();
  const settings = engineSettings();
  const table = await createRequestTable(dynamodb);
  const output = new MemoryOutputQueue();
  const queue = new MemoryInputQueue({
    now: clock.now,
    visibilityTimeoutSeconds: settings.visibilityTimeoutSeconds,
    maxReceiveCount: maxReceivesOf(settings.maxAttempts),
    deadLetters: new MemoryOutputQueue(),
  });
  for (let index = 0; index < REQUESTS; index++) queue.send('{}', { RequestId: `r-${index}` });
  let calls = 0;
  let crash: (() => never) | undefined;
  const records = intercept(
    new DynamoDbRecordStore(dynamodb, await createRequestTable(dynamodb)),
    async (call, effect) => {
      const event = call === 'writeWith' ? EVENTS[calls++ % EVENTS.length] : 'works';
      if (event === 'dies before') crash?.();
      if (event === 'fails before') throw new Error(event);
      const value = await effect();
      if (event === 'dies after') crash?.();
      if (event === 'fails after') throw new Error(event);
      return value;
    },
  );
  const died = await drain({
    queue,
    clock,
    random: () => 0.5,
    settings,
    ports: { store: new MemoryPayloadStore(), records, output, logger: new CollectingLogger() },
    batchSize: 4,
    timeoutSeconds: 30,
    handler: (request, die) => {
      crash = die;
      return countAndNote(table, request);
    },
  });
  const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  const counts = new Map(Items.map((item) => [item[RECORD_KEY]?.S, Number(item.count?.N)]));
  const succeeded = output.messages.map(outcomeEvent).filter((event) => statusOf(event) === 'succeeded');
  const ids = new Set(succeeded.map(({ subject }) => subject));
  expect(ids.size).toBe(REQUESTS);
  expect(counts.get('counter')).toBe(REQUESTS);
  for (const id of ids) expect(counts.get(id), id).toBe(1);
  expect(died).toBeGreaterThan(5);
});
