import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, ListSchedulesCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import type { DynamoDBRecord } from 'aws-lambda';
import { expect, inject, test } from 'vitest';
import { batchItemKey } from '../../lib/aws/batch-place.ts';
import { type BatchItem, CoatcheckClient, verifyReceipt } from '../../lib/client/index.ts';
import { DAY_MILLISECONDS } from '../../lib/core/base/time.ts';
import { RECORD_KEY } from '../../lib/core/config/record-table.ts';
import { localConfig } from '../../lib/local/clients.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import { TableStream } from '../support/table-stream.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { callOf, httpReceiver, type ReceivedCall, webhookIdOf } from '../webhooks/receiver.ts';
import type { Behaviour } from './processors/behaviour.ts';
import { fireNow, inSeconds } from './schedule-timers.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');
const config = localConfig(inject('endpoint'));
const [dynamodb, lambda, scheduler] = [
  new DynamoDBClient(config),
  new LambdaClient(config),
  new SchedulerClient(config),
];
const client = new CoatcheckClient({ baseUrl: service.apiUrl });
const { batches } = client;
const table = service.output('RequestTableName');

/** Most items of these tests fail in one of four. */
function itemsOf(count: number): BatchItem[] {
  return Array.from({ length: count }, (_, number): BatchItem => {
    const json: Behaviour =
      number % 4 === 3 ? { do: 'refuse', reason: 'odd' } : { do: 'echo', value: number };
    return { key: `k-${number}`, json };
  });
}

/** Invokes the function of batches, as the scheduler and the stream do. */
async function invoke(event: object): Promise<void> {
  const FunctionName = service.output('BatchFunctionName');
  const { FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }),
  );
  expect(FunctionError).toBeUndefined();
}

async function timersOf(id: string) {
  const GroupName = service.output('BatchGroup');
  const NamePrefix = `${id.slice(0, 31)}-`;
  return (await scheduler.send(new ListSchedulesCommand({ GroupName, NamePrefix }))).Schedules ?? [];
}

/** The file to which the API redirects. */
async function manifestOf(id: string): Promise<Response> {
  const { status, headers } = await service.call('GET', `/v1/batches/${id}/manifest`);
  expect(status).toBe(303);
  return fetch(headers.get('location') ?? '');
}

async function hooks() {
  const calls: ReceivedCall[] = [];
  const { port } = await httpReceiver(async (request, response) => {
    calls.push(await callOf(request));
    response.writeHead(204).end();
  });
  return { calls, url: `http://127.0.0.1:${port}/hook` };
}

test('the command line submits a file of items, goes on without a refused line, and saves the results; one webhook reports the end', async () => {
  const cwd = await temporaryFolder();
  const { calls, url } = await hooks();
  const file = join(cwd, 'items.ndjson');
  const lines = itemsOf(200).map((item) => JSON.stringify(item));
  const submit = async (...line: readonly string[]) =>
    coatcheck(['batches', 'submit', 'items.ndjson', ...line, '--json', '--api', service.apiUrl], { cwd });
  await writeFile(file, [...lines, '{"key": 1}'].join('\n'));
  const refused = await submit('--callback-url', url, '--wait');
  expect(refused.stderr).toContain('line 201');
  expect(refused.exitCode).toBe(1);
  const { id, status } = JSON.parse(refused.stdout);
  expect(status).toBe('open');

  await writeFile(file, lines.join('\n'));
  const { exitCode, stdout } = await submit('--resume', id, '--wait', '-o', 'results.ndjson');
  expect(exitCode).toBe(3);
  const results = (await readFile(join(cwd, 'results.ndjson'), 'utf8')).trimEnd().split('\n');
  // First, since they say why: on a slow machine, all attempts of an item may exceed the timeout of the function.
  const failures = results.map((each) => JSON.parse(each)).filter(({ status }) => status === 'failed');
  expect(failures.filter(({ problem }) => problem.code !== 'refused')).toEqual([]);
  const ended = JSON.parse(stdout);
  const counts = { total: 200, queued: 0, running: 0, succeeded: 150, failed: 50, cancelled: 0, expired: 0 };
  expect(ended).toMatchObject({ status: 'completed', progress: 1, counts });

  expect(results.map((each) => JSON.parse(each).key)).toEqual(itemsOf(200).map(({ key }) => key));
  expect(JSON.parse(results[2] ?? '')).toMatchObject({ result: { json: { value: 2 } } });
  expect(JSON.parse(results[3] ?? '')).toMatchObject({ status: 'failed', problem: { code: 'refused' } });

  await eventually(() => expect(calls).not.toEqual([]));
  expect(new Set(calls.map(webhookIdOf)).size).toBe(1);
  const manifest = `/v1/batches/${ended.id}/manifest`;
  expect(JSON.parse(calls[0]?.body ?? '')).toMatchObject({
    type: 'coatcheck.batch.completed',
    data: { id: ended.id, counts, links: { manifest } },
  });
  expect((await batches.get(ended.id)).links.manifest).toBe(manifest);
  const written = await manifestOf(ended.id);
  expect(written.headers.get('content-type')).toBe('application/x-ndjson');
  expect((await written.text()).trimEnd().split('\n')).toEqual(results);
  await eventually(async () => expect(await timersOf(ended.id)).toEqual([]));
});

test('the command line uploads a manifest, which the service imports; lines that are refused are reported, and the batch is sealed meanwhile', async () => {
  const cwd = await temporaryFolder();
  const large: Behaviour = { do: 'echo', value: 'x'.repeat(150_000) };
  const items = itemsOf(40)
    .with(0, { key: 'k-0', json: large })
    .with(1, { key: 'k-1', json: { do: 'echo', value: 1 }, priority: 'high' })
    .with(2, { key: 'k-2', json: { do: 'echo', value: 2 }, priority: 'low' })
    .map((item) => JSON.stringify(item));
  await writeFile(join(cwd, 'items.ndjson'), [...items, '{"key": 1}', '{'].join('\n'));
  const line = ['batches', 'submit', 'items.ndjson', '--manifest', '--json', '--api', service.apiUrl];
  const submitting = coatcheck(line, { cwd });
  // No other batch of these tests has an import.
  const id = await eventually(async () => {
    for await (const batch of batches.list()) if (batch.import) return batch.id;
    throw new Error('no import has begun');
  });
  expect(await batches.seal(id)).toMatchObject({ status: 'open', sealRequestedAt: expect.any(String) });
  // The timer fires.
  await invoke({ id });
  const { stderr, exitCode } = await submitting;
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/line 41: .*key.*\n.*line 42: /);
  expect(await batches.wait(id)).toMatchObject({
    status: 'completed',
    counts: { total: 40, succeeded: 30, failed: 10 },
    import: { state: 'done', lines: 42, refused: 2, problems: [{ line: 41 }, { line: 42 }] },
  });
  await eventually(async () => expect(await batches.manifest(id)).toBeDefined());
  const text = (await (await batches.manifest(id))?.text()) ?? '';
  expect(
    text
      .trimEnd()
      .split('\n')
      .map((each) => JSON.parse(each).key),
  ).toEqual(itemsOf(40).map(({ key }) => key));
});

test('lines have a receipt of their bytes', async () => {
  const { id } = await batches.create();
  const line = '{"key":"ü",  "json":1.50}';
  const { receipts } = await batches.add(id, [line]);
  const body = new TextEncoder().encode(`${line}\n`);
  expect(receipts).toMatchObject([{ firstLine: 1, lastLine: 1 }]);
  expect(await verifyReceipt(receipts[0]?.receipt ?? '', await client.receiptKeys(), body)).toMatchObject({
    valid: true,
    receipt: { iss: 'e2e-cloudevents', sub: id, batchItems: { lines: 1 } },
  });
  await batches.cancel(id);
});

test('items that are added again, and changes that come again, count once', async () => {
  const { id } = await batches.create();
  const items = itemsOf(40);
  const both = await Promise.all([batches.add(id, items), batches.add(id, items)]);
  expect(both.reduce((sum, { added }) => sum + added, 0)).toBe(40);
  expect(await batches.add(id, items)).toMatchObject({ added: 0, repeated: 40, refused: [] });
  const other = await batches.add(id, [{ key: 'k-0', text: 'other' }]);
  expect(other.refused).toMatchObject([{ line: 1, key: 'k-0', problem: { code: 'batch_key_reused' } }]);
  const counts = { total: 40, succeeded: 30, failed: 10, queued: 0, running: 0 };
  await eventually(async () => expect(await batches.get(id)).toMatchObject({ status: 'open', counts }));
  // With nothing left to do, it ends now. Its timer has the manifest written.
  expect(await batches.seal(id)).toMatchObject({ status: 'completed', counts });
  await expect(batches.add(id, [{ key: 'late', text: 'x' }])).rejects.toMatchObject({ code: 'batch_closed' });
  const [timer] = await timersOf(id);
  await fireNow(
    await scheduler.send(new GetScheduleCommand({ GroupName: timer?.GroupName, Name: timer?.Name })),
  );
  await eventually(async () => expect((await batches.get(id)).links).toHaveProperty('manifest'));
  const ended = await batches.get(id);

  const stream = await TableStream.of(dynamodb, inject('endpoint'), table);
  const Records = (await stream.read()).filter((record) => isOf(record, id));
  expect(Records.length).toBeGreaterThanOrEqual(40);
  await invoke({ Records });
  await invoke({ Records: Records.toReversed() });
  expect(await batches.get(id)).toEqual(ended);

  const pages = await service.call('GET', `/v1/batches/${id}/results?limit=25`);
  expect((await pages.text()).trimEnd().split('\n')).toHaveLength(25);
  expect(pages.headers.get('link')).toMatch(/^<results\?cursor=[\w-]+&limit=25>; rel="next"$/);
  const keys: string[] = [];
  for await (const { key } of batches.results(id)) keys.push(key);
  expect(keys).toHaveLength(40);
  expect(new Set(keys)).toEqual(new Set(items.map(({ key }) => key)));
});

/** Whether a change is one of a request of a batch. */
function isOf({ dynamodb: change }: DynamoDBRecord, id: string): boolean {
  return change?.NewImage?.batch?.S?.startsWith(batchItemKey({ id })) ?? false;
}

test('a record that can not be read holds up no other', async () => {
  const { id } = await batches.create();
  await dynamodb.send(
    new PutItemCommand({
      TableName: table,
      Item: { pk: { S: 'request#poison' }, batch: { S: 'batch#x#1' }, record: { S: '{' } },
    }),
  );
  await batches.add(id, itemsOf(3));
  await batches.seal(id);
  expect(await batches.wait(id)).toMatchObject({ counts: { total: 3, succeeded: 3 } });
});

test('a batch that is cancelled ends its items before their time, and reports one end', async () => {
  const { calls, url } = await hooks();
  const { id } = await batches.create({ notBefore: new Date(inSeconds(600)), callbackUrl: url });
  await batches.add(id, itemsOf(230));
  expect(await batches.get(id)).toMatchObject({ status: 'open', counts: { total: 230, queued: 230 } });
  expect((await service.call('GET', `/v1/batches/${id}/manifest`)).status).toBe(202);
  expect(await batches.cancel(id)).toMatchObject({ status: 'cancelling' });
  expect(await timersOf(id)).toHaveLength(1);
  // The timer fires twice.
  await Promise.all([invoke({ id }), invoke({ id })]);
  expect(await batches.wait(id)).toMatchObject({
    status: 'cancelled',
    counts: { total: 230, queued: 0, cancelled: 230 },
  });
  await eventually(() => expect(calls).not.toEqual([]));
  await eventually(async () => expect(await timersOf(id)).toEqual([]));
  await invoke({ id });
  expect(new Set(calls.map(webhookIdOf)).size).toBe(1);
});

test('requests of a batch start within a quarter of an hour', async () => {
  const { id } = await batches.create();
  const item: BatchItem = { key: 'late', text: 'x', notBefore: new Date(inSeconds(3_600)) };
  const { refused } = await batches.add(id, [item]);
  expect(refused).toMatchObject([{ problem: { code: 'not_before_unsupported' } }]);
  await batches.seal(id);
  expect(await batches.get(id)).toMatchObject({ status: 'completed', counts: { total: 0 } });
  // The timer does what is left.
  await invoke({ id });
  expect(await timersOf(id)).toEqual([]);
  const manifest = `/v1/batches/${id}/manifest`;
  expect(await (await manifestOf(id)).text()).toBe('');
  const longAgo = Date.now() - 16 * DAY_MILLISECONDS;
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: table,
      Key: { [RECORD_KEY]: { S: batchItemKey({ id }) } },
      UpdateExpression: 'SET endedAt = :longAgo',
      ExpressionAttributeValues: { ':longAgo': { N: String(longAgo) } },
    }),
  );
  expect((await batches.get(id)).links).not.toHaveProperty('manifest');
  expect((await service.call('GET', manifest)).status).toBe(410);
});
