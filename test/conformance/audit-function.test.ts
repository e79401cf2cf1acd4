import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { DynamoDbLedger } from '../../lib/aws/dynamodb-ledger.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { DAY_MILLISECONDS } from '../../lib/core/base/time.ts';
import { type AuditEnvironment, writeAuditEnvironment } from '../../lib/core/config/audit-environment.ts';
import { outcomeOf } from '../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { AUDITED } from '../support/audited-ledger.ts';
import { LAMBDA_CONTEXT } from '../support/lambda-context.ts';
import { createRequestTable } from '../support/request-table.ts';

/** Longer than the queues keep a message, so that one that is missing is known to be gone while they have others. */
const OLD = Date.now() - 6 * DAY_MILLISECONDS;

async function setUp() {
  const config = localConfig(inject('endpoint'));
  const [table, queues] = [new DynamoDBClient(config), new SQSClient(config)];
  const objects = new S3Client({ ...config, forcePathStyle: true });
  const payloadBucket = `audit-${crypto.randomUUID()}`;
  await objects.send(new CreateBucketCommand({ Bucket: payloadBucket }));
  /** With a message, so that the function doesn't wait for a second look at empty queues. */
  const queueUrl = async () => {
    const { QueueUrl = '' } = await queues.send(new CreateQueueCommand({ QueueName: crypto.randomUUID() }));
    await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    return QueueUrl;
  };
  const requestTable = await createRequestTable(table);
  const store = new DynamoDbRecordStore(table, requestTable);
  const put = (id: string, record: Partial<RequestRecord> = {}) =>
    store.write({
      record: {
        request: { id, source: '' },
        status: 'queued',
        attempts: 1,
        createdAt: OLD,
        updatedAt: OLD,
        ...record,
      },
      revision: 1,
      keptUntil: Date.now() + 30 * DAY_MILLISECONDS,
    });
  const putSucceeded = async (id: string) => {
    const key = `outcomes/${id}/1`;
    const result = { check: { bucket: payloadBucket, key }, size: 7, contentType: 'text/plain' };
    const outcome = outcomeOf({ id, source: '' }, { status: 'succeeded', result }, OLD);
    await put(id, { status: 'succeeded', outcome });
    return key;
  };
  const environment: AuditEnvironment = {
    serviceName: 'audited',
    requestTable,
    payloadBucket,
    auditedPrefixes: ['payloads/', 'outcomes/', 'requests/'],
    inputQueueUrls: [await queueUrl()],
    deadLetterQueueUrls: [await queueUrl()],
    resultAgeDays: 15,
    recordAgeDays: 30,
    exceptedVerdicts: [],
  };
  return {
    ledger: new DynamoDbLedger(table, requestTable),
    put,
    putSucceeded,
    putObject: (Key: string) =>
      objects.send(new PutObjectCommand({ Bucket: payloadBucket, Key, Body: 'content' })),
    /** Runs the function in a new instance. @returns what it wrote to its log */
    async run({ milliseconds = 900_000, ...changed }: { milliseconds?: number } & Partial<AuditEnvironment>) {
      const variables = {
        ...awsVariables(inject('endpoint')),
        // Powertools writes with the console that a test can replace.
        POWERTOOLS_DEV: 'true',
        POWERTOOLS_METRICS_DISABLED: 'false',
        POWERTOOLS_SERVICE_NAME: environment.serviceName,
        ...writeAuditEnvironment({ ...environment, ...changed }),
      };
      for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
      vi.resetModules();
      const lines: Record<string, unknown>[] = [];
      const collect = (text: unknown) => void lines.push(JSON.parse(String(text)));
      for (const method of ['log', 'info', 'error'] as const)
        vi.spyOn(console, method).mockImplementation(collect);
      const { handler } = await import('../../functions/audit/index.ts');
      const context: Context = { ...LAMBDA_CONTEXT, getRemainingTimeInMillis: () => milliseconds };
      const thrown = await handler({}, context).catch((error: unknown) => error);
      const { LedgerDrift, AuditedRequests, IncompleteAudits } = lines.find((line) => '_aws' in line) ?? {};
      const named = lines
        .filter(({ verdict }) => verdict)
        .map(({ verdict, ticket }) => `${verdict} ${ticket}`);
      return { thrown, named: named.toSorted(), LedgerDrift, AuditedRequests, IncompleteAudits, lines };
    },
  };
}

let stack: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  stack = await setUp();
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

test('requests that add up are counted, and nothing drifts', async () => {
  await stack.put('early', { status: 'awaiting_upload' });
  await stack.putObject(await stack.putSucceeded('there'));
  expect(await stack.run({})).toMatchObject({
    thrown: undefined,
    named: [],
    LedgerDrift: 0,
    AuditedRequests: 2,
    IncompleteAudits: undefined,
  });
  expect(await stack.ledger.read()).toMatchObject({
    accepted: 2,
    waiting: 1,
    drift: 0,
    audit: { verdicts: {} },
  });
});

test('a request whose message is gone, and one without its result, are named with what to do', async () => {
  await stack.put('waits');
  await stack.putSucceeded('gone');
  const { lines, ...run } = await stack.run({});
  expect(run).toEqual({
    thrown: undefined,
    named: ['message_missing waits', 'result_missing gone'],
    LedgerDrift: 2,
    AuditedRequests: 2,
    IncompleteAudits: undefined,
  });
  expect(lines.find(({ ticket }) => ticket === 'waits')).toMatchObject({
    service: 'audited',
    since: new Date(OLD).toISOString(),
    remedy: 'Submit the payload again, then: npx coatcheck cancel waits',
  });
  expect(await stack.ledger.read()).toEqual({
    accepted: 2,
    ended: { succeeded: 0, failed: 0, cancelled: 0, expired: 0 },
    waiting: 0,
    running: 0,
    deadLettered: 0,
    drift: 2,
    at: expect.closeTo(Date.now(), -5),
    audit: { verdicts: { message_missing: 1, result_missing: 1 }, seconds: expect.any(Number) },
  });
  expect(await stack.run({ exceptedVerdicts: ['result_missing'] })).toMatchObject({
    named: ['message_missing waits'],
    LedgerDrift: 1,
  });
});

test('the ledger is that of the audit that began last', async () => {
  expect(await stack.ledger.read()).toBeUndefined();
  for (const at of [2_000, 1_000]) await stack.ledger.keep({ ...AUDITED, at });
  expect(await stack.ledger.read()).toEqual({ ...AUDITED, at: 2_000 });
  await stack.ledger.keep({ ...AUDITED, at: 3_000 });
  expect((await stack.ledger.read())?.at).toBe(3_000);
});

test('an audit whose time is up says that it is incomplete, and not that nothing drifts', async () => {
  await stack.put('early', { status: 'awaiting_upload' });
  const run = await stack.run({ milliseconds: 30_000 });
  expect(run).toMatchObject({ LedgerDrift: undefined, AuditedRequests: 0, IncompleteAudits: 1 });
  expect(run.thrown).toMatchObject({ code: 'audit_overdue' });
  expect(run.lines.find(({ message }) => message === 'The audit is incomplete')).toMatchObject({
    level: 'ERROR',
    audited: 0,
  });
  expect(await stack.ledger.read()).toBeUndefined();
});
