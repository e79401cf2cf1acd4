import { createHash } from 'node:crypto';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DeleteObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { keyOf } from '../../lib/aws/record-item.ts';
import { CoatcheckClient, DIRECT_MAX_BYTES, verifyReceipt } from '../../lib/client/index.ts';
import { DAY_MILLISECONDS } from '../../lib/core/base/time.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { eventually } from '../support/eventually.ts';
import type { Behaviour } from './processors/behaviour.ts';
import { Service } from './service.ts';

function setUp() {
  const service = new Service('E2e-audited');
  const config = localConfig(inject('endpoint'));
  const table = new DynamoDBClient(config);
  const TableName = service.output('RequestTableName');
  const store = new DynamoDbRecordStore(table, TableName);
  const client = new CoatcheckClient({ baseUrl: service.apiUrl });
  return {
    client,
    submit: async (behaviour: Behaviour, notBefore?: Date) =>
      (await client.submitJson(behaviour, { ...(notBefore && { notBefore }) })).id,
    ended: (id: string) =>
      eventually(async () => {
        const request = await client.status(id);
        expect(request.endedAt).toBeDefined();
        return request.status;
      }),
    /** Changes a record, as if it were of another time. */
    change: async (id: string, changed: (record: RequestRecord) => RequestRecord) => {
      const stored = await store.read({ id, source: '' });
      if (!stored) throw new Error(`there is no record of ${id}`);
      const { record, revision, ...rest } = stored;
      const result = await store.write({ ...rest, record: changed(record), revision: revision + 1 });
      expect(result.written).toBe(true);
    },
    purge: () =>
      new SQSClient(config).send(new PurgeQueueCommand({ QueueUrl: service.output('InputQueueUrl') })),
    deleteRecord: (id: string) =>
      table.send(new DeleteItemCommand({ TableName, Key: keyOf({ id, source: '' }) })),
    deleteResultOf: async (id: string) => {
      const { outcome } = (await store.read({ id, source: '' }))?.record ?? {};
      if (outcome?.status !== 'succeeded' || !('check' in outcome.result))
        throw new Error('it is not stored');
      const { key: Key, versionId: VersionId } = outcome.result.check;
      const s3 = new S3Client({ ...config, forcePathStyle: true });
      await s3.send(new DeleteObjectCommand({ Bucket: service.bucket, Key, VersionId }));
    },
    audit: async () => {
      const FunctionName = service.output('AuditFunctionName');
      const { FunctionError } = await new LambdaClient(config).send(
        new InvokeCommand({ FunctionName, Payload: '{}' }),
      );
      expect(FunctionError).toBeUndefined();
    },
    /** The lines of the function that contain a text, as objects. */
    logged: async (text: string) => {
      const { events = [] } = await new CloudWatchLogsClient(config).send(
        new FilterLogEventsCommand({ logGroupName: service.output('AuditLogGroupName') }),
      );
      return events
        .flatMap(({ message = '' }) => message.split('\n'))
        .filter((line) => line.includes(text))
        .map((line) => JSON.parse(line.slice(line.indexOf('{'))));
    },
  };
}

test('an audit finds what was lost, and the API has the ledger that it counted', async () => {
  const stack = setUp();
  const { client } = stack;
  await expect(client.ledger()).rejects.toMatchObject({ code: 'ledger_off' });

  const kept = await stack.submit({ do: 'echo', value: 1 });
  const large = await stack.submit({ do: 'fill', megabytes: 1 });
  const unrecorded = await stack.submit({ do: 'echo', value: 2 });
  const failed = await stack.submit({ do: 'fail', untilAttempt: 9 });
  const inTenMinutes = () => new Date(Date.now() + 600_000);
  const lost = await stack.submit({ do: 'echo', value: 3 }, inTenMinutes());
  expect(await Promise.all([kept, large, unrecorded, failed].map(stack.ended))).toEqual([
    'succeeded',
    'succeeded',
    'succeeded',
    'failed',
  ]);

  // The message of one is gone for longer than the queue keeps any.
  await stack.purge();
  const waiting = await stack.submit({ do: 'echo', value: 4 }, inTenMinutes());
  const old = Date.now() - 10 * DAY_MILLISECONDS;
  await stack.change(lost, (record) => ({
    ...record,
    request: { ...record.request, notBefore: old },
    updatedAt: old,
  }));
  // The result of another, which ended a while ago.
  await stack.change(large, ({ outcome, ...record }) => ({
    ...record,
    ...(outcome && { outcome: { ...outcome, endedAt: Date.now() - 120_000 } }),
  }));
  await stack.deleteResultOf(large);
  // And the record of a third: nothing else shows that there was a request.
  await stack.deleteRecord(unrecorded);

  await stack.audit();
  expect(await client.ledger()).toEqual({
    accepted: 5,
    ended: { succeeded: 1, failed: 0, cancelled: 0, expired: 0 },
    waiting: 1,
    running: 0,
    deadLettered: 1,
    drift: 2,
    at: expect.any(String),
    audit: { verdicts: { message_missing: 1, result_missing: 1 }, seconds: expect.any(Number) },
  });
  const findings = await eventually(async () => {
    const lines = await stack.logged('A request does not add up');
    expect(lines).toHaveLength(2);
    return lines;
  });
  expect(findings.map(({ verdict, ticket }) => `${verdict} ${ticket}`).toSorted()).toEqual([
    `message_missing ${lost}`,
    `result_missing ${large}`,
  ]);
  await eventually(async () =>
    expect(await stack.logged('LedgerDrift')).toMatchObject([{ LedgerDrift: 2, AuditedRequests: 5 }]),
  );
  await client.cancel(waiting);
});

test('a submission and the ticket of an upload have a receipt, which the published key verifies', async () => {
  const { client } = setUp();
  const request = await client.submit('some text');
  const keys = await client.receiptKeys();
  expect(
    await verifyReceipt(request.receipt ?? '', keys, new TextEncoder().encode('some text')),
  ).toMatchObject({
    valid: true,
    receipt: { iss: 'e2e-audited', sub: request.id },
  });
  const payload = new Uint8Array(DIRECT_MAX_BYTES + 1);
  const sha256 = createHash('sha256').update(payload).digest('base64');
  const upload = await client.submit(payload, { sha256 });
  expect(await verifyReceipt(upload.receipt ?? '', keys, payload)).toMatchObject({
    valid: true,
    receipt: { sub: upload.id, awaitedUpload: {} },
  });
});
