import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, inject, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { failure, type Outcome } from '../../lib/core/model/outcome.ts';
import { encodeCloudEvent } from '../../lib/core/wire/encode-cloudevent.ts';
import { localClients } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck, coatcheckOnTerminal, interrupt, startCoatcheck } from '../support/coatcheck.ts';
import { inlineOutcome, outcomeOf } from '../support/outcomes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const endpoint = inject('endpoint');
const { sqs, s3 } = localClients(endpoint);

/** A queue with outcomes. */
async function queueWith(...outcomes: readonly Outcome[]): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({
      QueueName: `consume-${crypto.randomUUID()}`,
      Attributes: { VisibilityTimeout: '20' },
    }),
  );
  for (const outcome of outcomes) {
    const MessageBody = encodeCloudEvent(outcome, 'shop').body;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  }
  return QueueUrl;
}

/** Counts visible and invisible messages of a queue. */
async function leftOn(QueueUrl: string): Promise<readonly [waiting: number, hidden: number]> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  return [
    Number(Attributes.ApproximateNumberOfMessages),
    Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  ];
}

function succeeded(id: string, content: string | Uint8Array = '{"x":1}', type = 'application/json'): Outcome {
  return inlineOutcome(content, type, { request: { id, source: '' } });
}

function failed(id: string): Outcome {
  const error = new PermanentError('line 3 has no end', { code: 'csv_invalid' });
  return outcomeOf(failure(error, 2), { request: { id, source: '' } });
}

async function stored(id: string, content: string): Promise<Outcome> {
  const Bucket = `consume-${crypto.randomUUID()}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'results/1', Body: content }));
  const check = { bucket: Bucket, key: 'results/1' };
  const result = { check, size: content.length, contentType: 'text/csv' };
  return outcomeOf({ status: 'succeeded', result }, { request: { id, source: '' } });
}

test('prints outcomes as lines of JSON, and deletes them', async () => {
  const queue = await queueWith(
    succeeded('a', '{\n  "long": 12345678901234567890\n}'),
    succeeded('b', 'a,b\n', 'text/csv'),
    succeeded('c', Uint8Array.of(0, 255), 'image/png'),
    await stored('d', 'a,b\n'),
    failed('e'),
  );

  const { exitCode, stdout, stderr } = await coatcheck(['consume', '--queue', queue, '--max', '5']);

  expect([exitCode, stderr]).toEqual([0, '']);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .toSorted((a, b) => idOf(a).localeCompare(idOf(b)));
  expect(lines[0]).toContain('"data":{   "long": 12345678901234567890 }}');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      requestId: 'a',
      status: 'succeeded',
      time: '2026-01-31T12:00:00.005Z',
      contentType: 'application/json',
    },
    { requestId: 'b', data: 'a,b\n', contentType: 'text/csv' },
    { requestId: 'c', data_base64: 'AP8=', contentType: 'image/png' },
    { requestId: 'd', dataref: expect.stringMatching(/^s3:\/\/consume-.*\/results\/1$/) },
    { requestId: 'e', status: 'failed', problem: { code: 'csv_invalid', attempts: 2 } },
  ]);
  expect(await leftOn(queue)).toEqual([0, 0]);
});

test('prints a line of text on a terminal', async () => {
  const queue = await queueWith(succeeded('a'), failed('b'));

  const { stdout } = await coatcheckOnTerminal(['consume', '--queue', queue, '--max', '2']);

  expect(stdout.split('\n').toSorted()).toEqual([
    '',
    '2026-01-31T12:00:00.005Z  a  succeeded  7 bytes application/json',
    '2026-01-31T12:00:00.005Z  b  failed  csv_invalid: line 3 has no end',
  ]);
});

test('--max limits the outcomes', async () => {
  const queue = await queueWith(...['a', 'b', 'c', 'd'].map((id) => succeeded(id)));

  const { stdout } = await coatcheck(['consume', '--queue', queue, '--max', '3', '--concurrency', '2']);

  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
  expect(await leftOn(queue)).toEqual([1, 0]);
});

test('passes the result or the problem to a command, with its facts', async () => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const tracestate = 'rojo=1,congo=2';
  const queue = await queueWith(await stored('a', 'a,b\n'), { ...failed('b'), traceparent, tracestate });
  const cwd = await temporaryFolder();
  const exec =
    'cat > "$COATCHECK_REQUEST_ID.$COATCHECK_STATUS"; echo "$COATCHECK_CONTENT_TYPE <$TRACEPARENT> <$TRACESTATE>"';

  const { exitCode, stdout } = await coatcheck(['consume', '--queue', queue, '--max', '2', '--exec', exec], {
    cwd,
    variables: { TRACEPARENT: 'of the parent process', TRACESTATE: 'of the parent process' },
  });

  expect(exitCode).toBe(0);
  expect(stdout.trimEnd().split('\n').toSorted()).toEqual([
    `application/problem+json <${traceparent}> <${tracestate}>`,
    'text/csv <> <>',
  ]);
  expect(await readFile(join(cwd, 'a.succeeded'), 'utf8')).toBe('a,b\n');
  expect(JSON.parse(await readFile(join(cwd, 'b.failed'), 'utf8'))).toMatchObject({ code: 'csv_invalid' });
  expect(await leftOn(queue)).toEqual([0, 0]);
});

test('keeps an outcome if its command fails', async () => {
  const queue = await queueWith(succeeded('a', 'x'.repeat(200_000), 'text/plain'));

  const args = ['consume', '--queue', queue, '--max', '1', '--exec', 'exit 3'];
  expect(await coatcheck(args)).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'error: a: The command exited with 3; the outcome will be delivered again\n',
  });

  expect(await leftOn(queue)).toEqual([0, 1]);
});

test('a command can ignore its input', async () => {
  const queue = await queueWith(succeeded('a', 'x'.repeat(200_000), 'text/plain'));

  expect((await coatcheck(['consume', '--queue', queue, '--max', '1', '--exec', 'exit 0'])).exitCode).toBe(0);

  expect(await leftOn(queue)).toEqual([0, 0]);
});

test('kills the command if the result is gone', async () => {
  const outcome = await stored('a', 'a,b\n');
  if (outcome.status !== 'succeeded' || !('check' in outcome.result)) throw new Error('not stored');
  const check = { ...outcome.result.check, key: 'results/gone' };
  const queue = await queueWith({ ...outcome, result: { ...outcome.result, check } });
  const args = ['consume', '--queue', queue, '--max', '1', '--exec', 'cat && echo whole'];

  const { exitCode, stdout, stderr } = await coatcheck(args);

  expect([exitCode, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: a: NoSuchKey: /);
  expect(await leftOn(queue)).toEqual([0, 1]);
});

test('an interruption waits for running commands', async () => {
  const queue = await queueWith(succeeded('a'));
  const cwd = await temporaryFolder();
  const exec = 'echo begun; until [ -e go ]; do sleep 0.05; done; echo ended';
  const child = startCoatcheck(['consume', '--queue', queue, '--exec', exec], { cwd });
  if (!child.stdout) throw new Error('no pipe');
  const output = text(child.stdout);
  await once(child.stdout, 'data');

  interrupt(child);
  const closed = once(child, 'close');
  expect(await leftOn(queue)).toEqual([0, 1]);
  await writeFile(join(cwd, 'go'), '');

  expect(await closed).toEqual([0, null]);
  expect(await output).toBe('begun\nended\n');
  expect(await leftOn(queue)).toEqual([0, 0]);
});

test('reports an unknown queue in one line', async () => {
  const { exitCode, stderr } = await coatcheck(['consume', '--queue', `${endpoint}/000000000000/none`]);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/^error: \w*QueueDoesNotExist: [^\n]*\n$/);
});

test('searches for a stack at AWS_ENDPOINT_URL', async () => {
  expect(await coatcheck(['consume', '--stack', 'None'], { variables: awsVariables(endpoint) })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'error: There is no stack None in us-east-1\n',
  });
});

function idOf(line: string): string {
  return JSON.parse(line).requestId;
}
