import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, PurgeQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, expect, inject, test } from 'vitest';
import { DeployedAudit } from '../../lib/aws/deployed-audit.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { outcomeOf } from '../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { runAudit } from '../../lib/core/operations/run-audit.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { createRequestTable } from '../support/request-table.ts';

const HOUR = 3_600_000;
const NOW = Date.now();
const { signal } = new AbortController();

async function setUp() {
  const config = localConfig(inject('endpoint'));
  const clients = {
    table: new DynamoDBClient(config),
    queues: new SQSClient(config),
    objects: new S3Client({ ...config, forcePathStyle: true }),
  };
  const bucket = `audit-${crypto.randomUUID()}`;
  await clients.objects.send(new CreateBucketCommand({ Bucket: bucket }));
  const queueUrl = async () => {
    const { QueueUrl = '' } = await clients.queues.send(
      new CreateQueueCommand({ QueueName: `audit-${crypto.randomUUID()}` }),
    );
    return QueueUrl;
  };
  const deployment = {
    tableName: await createRequestTable(clients.table),
    bucketName: bucket,
    inputQueueUrls: [await queueUrl(), await queueUrl()],
    deadLetterQueueUrls: [await queueUrl(), await queueUrl()],
  };
  const store = new DynamoDbRecordStore(clients.table, deployment.tableName);
  const put = async (id: string, record: Partial<RequestRecord>) => {
    const request = { id, source: '' };
    const at = NOW - HOUR;
    await store.write({
      record: { request, status: 'queued', attempts: 1, createdAt: at, updatedAt: at, ...record },
      revision: 1,
      keptUntil: NOW + 30 * 24 * HOUR,
    });
  };
  const putObject = (Key: string) =>
    clients.objects.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'content' }));
  const send = (QueueUrl = '') =>
    clients.queues.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
  const purge = (QueueUrl = '') => clients.queues.send(new PurgeQueueCommand({ QueueUrl }));
  const audit = async (now = NOW, maxHeld?: number) => {
    const options = { now, signal, settlingMilliseconds: 0, ...(maxHeld !== undefined && { maxHeld }) };
    const source = new DeployedAudit(clients, deployment, options);
    const found: string[] = [];
    const rules = { now, graceMilliseconds: 60_000, resultAgeDays: 15 };
    for await (const judged of runAudit(source, rules)) {
      const findings = judged.flatMap((request) => request.findings);
      found.push(...findings.map(({ verdict, ticket }) => `${verdict} ${ticket}`));
    }
    return found.toSorted();
  };
  const succeeded = (id: string, key: string) => {
    const check = { bucket, key };
    const result = { check, size: 7, contentType: 'text/plain' };
    const outcome = outcomeOf({ id, source: '' }, { status: 'succeeded', result }, NOW - HOUR);
    return { status: 'succeeded', outcome } as const;
  };
  return { deployment, put, putObject, send, purge, audit, succeeded };
}

let stack: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  stack = await setUp();
});

test('requests without messages are named once all queues are empty', async () => {
  const { deployment, put, send, purge, audit } = stack;
  const problem = { type: 't', title: 't', detail: 'd', code: 'c', attempts: 1 };
  const outcome = outcomeOf({ id: 'dead', source: '' }, { status: 'failed', problem }, NOW - HOUR);
  await put('waits', {});
  await put('runs', { status: 'running', leaseEndsAt: NOW - HOUR, leaseId: 'l' });
  await put('later', { request: { id: 'later', source: '', notBefore: NOW + HOUR } });
  await put('moment', { updatedAt: NOW });
  await put('dead', { status: 'failed', outcome, attemptsExhausted: true });
  const [, low] = deployment.inputQueueUrls;
  await send(low);
  const [, deadLetters] = deployment.deadLetterQueueUrls;
  await send(deadLetters);
  expect(await audit()).toEqual([]);
  // The queues keep a message for 4 days.
  expect(await audit(NOW + 3 * 24 * HOUR)).toEqual([]);
  expect(await audit(NOW + 5 * 24 * HOUR)).toEqual([
    'attempt_abandoned runs',
    'message_missing later',
    'message_missing moment',
    'message_missing waits',
  ]);
  await purge(low);
  expect(await audit()).toEqual(['attempt_abandoned runs', 'message_missing waits']);
  await purge(deadLetters);
  expect(await audit()).toEqual([
    'attempt_abandoned runs',
    'dead_letter_missing dead',
    'message_missing waits',
  ]);
});

test('results that are missing, and objects without a record, are named', async () => {
  const { put, putObject, audit, succeeded } = stack;
  await putObject('results/there/1');
  await put('there', succeeded('there', 'results/there/1'));
  await put('gone', succeeded('gone', 'results/gone/1'));
  await putObject('elsewhere/own');
  await put('own', succeeded('own', 'elsewhere/own'));
  expect(await audit()).toEqual(['result_missing gone']);
  expect(await audit(NOW, 4)).toEqual(['result_missing gone']);
  await expect(audit(NOW, 3)).rejects.toMatchObject({ code: 'audit_too_large' });
});
