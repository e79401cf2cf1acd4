import { createHash } from 'node:crypto';
import {
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { v7 } from 'uuid';
import { beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { SqsMessages } from '../../lib/aws/sqs-messages.ts';
import { messagesOf } from '../../lib/lambda/sqs-event.ts';
import { localClients, localConfig } from '../../lib/local/clients.ts';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from '../../lib/local/environment.ts';
import { DynamoDbOutbox, type DynamoDbOutboxRequest } from '../../lib/outbox/index.ts';
import { collect, eventually } from '../support/eventually.ts';
import { poll, recordOf } from '../support/sqs-records.ts';
import { Service } from './service.ts';

const tables = new DynamoDBClient(localConfig(inject('endpoint')));
const lambda = new LambdaClient(localConfig(inject('endpoint')));
const { sqs } = localClients(inject('endpoint'));

/** An application with an outbox. Its calls have the rights of the role Writer. */
class Application {
  readonly service: Service;
  readonly #client: DynamoDBClient;

  constructor(service: Service) {
    this.service = service;
    const config = { ...localConfig(inject('endpoint')), userAgentAppId: service.callerName('Writer') };
    this.#client = new DynamoDBClient(config);
  }

  /** Changes something once, and submits the request with it. @returns whether the transaction was committed */
  async change(what: string, request: DynamoDbOutboxRequest): Promise<boolean> {
    try {
      await this.#client.send(this.#transaction(what, request));
      return true;
    } catch (error) {
      if (error instanceof TransactionCanceledException) return false;
      throw error;
    }
  }

  #transaction(what: string, { id, transactItem }: DynamoDbOutboxRequest): TransactWriteItemsCommand {
    return new TransactWriteItemsCommand({
      ClientRequestToken: id,
      TransactItems: [
        {
          Update: {
            TableName: this.service.output('ChangesTableName'),
            Key: { PK: { S: what }, SK: { S: '-' } },
            UpdateExpression: 'SET changed = :yes',
            ConditionExpression: 'attribute_not_exists(changed)',
            ExpressionAttributeValues: { ':yes': { BOOL: true } },
          },
        },
        transactItem,
      ],
    });
  }

  /**
   * Writes the row of a request that the event source doesn't deliver: its filter passes neither the insertion of another type nor
   * a change. @returns the id of the request, as if it had been made some minutes ago
   */
  async leave(
    { id: made, transactItem }: DynamoDbOutboxRequest,
    keys: readonly string[],
    minutes: number,
  ): Promise<string> {
    const id = v7({ msecs: Date.now() - minutes * 60_000 });
    const { TableName, Item }: typeof transactItem.Put = JSON.parse(
      JSON.stringify(transactItem.Put).replaceAll(made, id),
    );
    await tables.send(new PutItemCommand({ TableName, Item: { ...Item, type: { S: 'other' } } }));
    await tables.send(
      new UpdateItemCommand({
        TableName,
        Key: Object.fromEntries(keys.map((key) => [key, Item[key] ?? { S: '' }])),
        UpdateExpression: 'SET #type = :type',
        ExpressionAttributeNames: { '#type': 'type' },
        ExpressionAttributeValues: { ':type': Item.type ?? { S: '' } },
      }),
    );
    return id;
  }

  /** The rows that wait in the outbox. */
  async rows(): Promise<unknown[]> {
    const { Items = [] } = await tables.send(
      new ScanCommand({
        TableName: this.service.output('OutboxTableName'),
        FilterExpression: 'attribute_exists(aggregateid)',
      }),
    );
    return Items;
  }

  async invoke(event: unknown): Promise<unknown> {
    const { Payload } = await lambda.send(
      new InvokeCommand({
        FunctionName: this.service.output('OutboxFunctionName'),
        Payload: JSON.stringify(event),
      }),
    );
    return JSON.parse(Payload?.transformToString() ?? '');
  }
}

describe('a table of its own', () => {
  const service = new Service('E2e-commonjs');
  const application = new Application(service);
  let outbox: DynamoDbOutbox;

  beforeAll(() => {
    // The outbox uploads with the settings of the environment.
    vi.stubEnv('AWS_ENDPOINT_URL', inject('endpoint'));
    vi.stubEnv('AWS_REGION', LOCAL_REGION);
    vi.stubEnv('AWS_ACCESS_KEY_ID', LOCAL_CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', LOCAL_CREDENTIALS.secretAccessKey);
    outbox = new DynamoDbOutbox({
      tableName: service.output('OutboxTableName'),
      payloads: { bucket: service.bucket },
    });
    return () => vi.unstubAllEnvs();
  });

  function digestOf(payload: string): string {
    return createHash('sha256').update(payload).digest('hex');
  }

  test('each committed request is processed once under its ticket, and no other', async () => {
    // About a third of the changes was made before.
    const changes = Array.from({ length: 30 }, () => `change-${Math.floor(Math.random() * 25)}`);
    const requests = await Promise.all(
      changes.map(async (change, nth) => {
        const request = await outbox.put({ change, nth });
        return { change, nth, id: request.id, isCommitted: await application.change(change, request) };
      }),
    );
    const committed = requests.filter(({ isCommitted }) => isCommitted);
    expect(new Set(committed.map(({ change }) => change))).toEqual(new Set(changes));
    expect(committed).toHaveLength(new Set(changes).size);
    for (const { id, change, nth } of committed) {
      expect(await service.outcomes(id, 1)).toMatchObject([
        { subject: id, data: { digest: digestOf(JSON.stringify({ change, nth })) } },
      ]);
    }
    await eventually(async () => expect(await application.rows()).toEqual([]));
    for (const { id, isCommitted } of requests) {
      const record = await service.record(id);
      expect(record?.status).toBe(isCommitted ? 'succeeded' : undefined);
    }
  });

  test('the same transaction again is the same request', async () => {
    const request = await outbox.put({ again: true });
    expect(await application.change('again', request)).toBe(true);
    expect(await application.change('again', request)).toBe(true);
    await service.event(request.id);
    expect((await service.record(request.id))?.attempts).toBe(1);
  });

  test('a payload of 1 MB is in the bucket, under the prefix whose lifecycle deletes it', async () => {
    const payload = 'x'.repeat(1_048_576);
    vi.stubEnv('AWS_SDK_UA_APP_ID', service.callerName('Writer'));
    const request = await outbox.put(payload);
    vi.stubEnv('AWS_SDK_UA_APP_ID', undefined);
    expect(JSON.stringify(request.transactItem).length).toBeLessThan(1_000);
    expect(await service.object(`payloads/${request.id}`)).toBe(payload);
    expect(await application.change('large', request)).toBe(true);
    expect(await service.event(request.id)).toMatchObject({ data: { digest: digestOf(payload) } });
  });

  test('a batch that is delivered again makes no second request', async () => {
    const request = await outbox.put({ twice: true });
    expect(await application.change('twice', request)).toBe(true);
    const { Item } = request.transactItem.Put;
    const record = {
      eventSource: 'aws:dynamodb',
      eventName: 'INSERT',
      dynamodb: {
        Keys: { aggregateid: Item.aggregateid, id: Item.id },
        NewImage: Item,
        SequenceNumber: '100',
      },
    };
    await service.event(request.id);
    expect(await application.invoke({ Records: [record] })).toEqual({ batchItemFailures: [] });
    const after = await outbox.put({ after: true });
    expect(await application.change('after', after)).toBe(true);
    await service.event(after.id);
    expect(await service.record(request.id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  test('a row that submits no request is in the queue of failures as a whole, and the rows behind it are relayed', async () => {
    const TableName = service.output('OutboxTableName');
    const Item = {
      aggregateid: { S: 'poison' },
      id: { S: 'poison' },
      type: { S: 'coatcheck.request.submitted' },
      payload: { S: '<order/>' },
      count: { N: '17' },
    };
    await tables.send(new PutItemCommand({ TableName, Item }));
    const behind = await outbox.put({ behind: true });
    expect(await application.change('behind', behind)).toBe(true);
    await service.event(behind.id);
    const [message] = await collect(1, async () =>
      messagesOf({ Records: (await poll(sqs, service.output('OutboxFailureQueueUrl'), 1)).map(recordOf) }),
    );
    expect(JSON.parse(message?.body ?? '')).toEqual(Item);
    expect(message?.attributes.Reason).toContain('payload must be the message that outboxRow() makes');
    await eventually(async () => expect(await application.rows()).toEqual([]));
    // Corrected, the message is an item again.
    const { id, transactItem } = await outbox.put({ corrected: true });
    const payload = transactItem.Put.Item.payload ?? { S: '' };
    await tables.send(
      new PutItemCommand({ TableName, Item: { ...JSON.parse(message?.body ?? ''), payload } }),
    );
    expect(await service.event(id)).toMatchObject({ subject: id });
  });

  test('rows that the stream did not deliver are relayed when the function sweeps the table', async () => {
    const id = await application.leave(await outbox.put({ left: true }), ['aggregateid', 'id'], 20);
    // Rows of before may still be on their way.
    await eventually(async () => expect(await application.rows()).toHaveLength(1));
    expect(await application.invoke({})).toEqual({ relayed: 1 });
    expect(await service.event(id)).toMatchObject({ subject: id });
    expect(await application.rows()).toEqual([]);
  });
});

test('with order, the requests of a key in the table of the application run in the order of their transactions', async () => {
  const service = new Service('E2e-ordered');
  const application = new Application(service);
  const outbox = new DynamoDbOutbox({
    tableName: service.output('OutboxTableName'),
    keys: { partitionKey: 'PK', sortKey: 'SK' },
  });
  const committed: Record<string, string[]> = { apples: [], pears: [], plums: [] };
  await Promise.all(
    Object.entries(committed).map(async ([orderingKey, ids]) => {
      for (let nth = 0; nth < 6; nth++) {
        const request = await outbox.put({ do: 'echo', value: nth }, { orderingKey });
        // About a third of the changes was made before.
        const change = `${orderingKey}-${Math.random() < 0.3 ? 0 : nth}`;
        if (await application.change(change, request)) ids.push(request.id);
      }
    }),
  );
  const ended = new Set<string>();
  const all = Object.values(committed).flat();
  await eventually(async () => {
    const records = (await poll(sqs, service.outputQueueUrl, 10)).map(recordOf);
    const queue = new SqsMessages(sqs, service.outputQueueUrl);
    for (const message of messagesOf({ Records: records })) {
      const { subject } = JSON.parse(message.body);
      if (all.includes(subject)) ended.add(subject);
      await queue.receive(message).ack();
    }
    expect(ended.size).toBe(all.length);
  });
  for (const ids of Object.values(committed)) {
    expect([...ended].filter((id) => ids.includes(id))).toEqual(ids);
  }
  await eventually(async () => expect(await application.rows()).toEqual([]));
  // What may still come through the stream is left to it.
  const keys = ['PK', 'SK'];
  const young = await application.leave(await outbox.put({ do: 'echo', value: 'young' }), keys, 20);
  await application.leave(await outbox.put({ do: 'echo', value: 'old' }), keys, 25 * 60);
  expect(await application.invoke({})).toEqual({ relayed: 1 });
  expect(JSON.stringify(await application.rows())).toContain(young);
  expect(await application.rows()).toHaveLength(1);
});
