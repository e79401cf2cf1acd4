import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { localClients } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import type { Behaviour } from './processors/behaviour.ts';
import { type OutcomeEvent, Service } from './service.ts';
import { WORKER_QUEUE } from './worker-queue.ts';

const endpoint = inject('endpoint');
const { sqs } = localClients(endpoint);
const service = new Service('E2e-cloudevents');

/** The service's processor as a worker, with the service's stores and output queue, and an input queue of its own. */
let worker: ChildProcess;
let inputUrl: string;

beforeAll(async () => {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: WORKER_QUEUE }));
  inputUrl = QueueUrl;
  worker = spawn(
    process.execPath,
    [resolve('bin/coatcheck.ts'), 'worker', 'test/e2e/processors/behaviour.ts'],
    {
      env: {
        PATH: process.env.PATH,
        ...awsVariables(endpoint),
        AWS_SDK_UA_APP_ID: service.callerName('Worker'),
        COATCHECK_SERVICE_NAME: 'e2e-cloudevents',
        COATCHECK_INPUT: QueueUrl,
        COATCHECK_OUTPUT: service.outputQueueUrl,
        COATCHECK_DEAD_LETTERS: service.output('DeadLetterQueueUrl'),
        COATCHECK_PAYLOADS: `s3://${service.bucket}`,
        COATCHECK_RECORDS: `dynamodb://${service.output('RequestTableName')}`,
        COATCHECK_INLINE_LIMIT_BYTES: '100000',
        COATCHECK_MAX_ATTEMPTS: '4',
        COATCHECK_RETRY_BASE_SECONDS: '1',
        COATCHECK_RETRY_CAP_SECONDS: '1',
        COATCHECK_STATUS_PORT: '0',
      },
      stdio: 'ignore',
    },
  );
});
afterAll(async () => {
  worker.kill('SIGTERM');
  const [code] = await once(worker, 'exit');
  expect(code).toBe(0);
});

async function askWorker(id: string, behaviour: Behaviour): Promise<void> {
  const { body, attributes = {} } = service.ask(id, behaviour);
  const texts = Object.entries(attributes).map(([name, StringValue]) => [
    name,
    { DataType: 'String', StringValue },
  ]);
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: inputUrl,
      MessageBody: body,
      MessageAttributes: Object.fromEntries(texts),
    }),
  );
}

/** An outcome without what differs between any two requests. */
function comparable({ id: _, subject: __, dataref, ...event }: OutcomeEvent) {
  const { time: ___, ...others } = { time: undefined, ...event };
  return { ...others, isStored: dataref !== undefined };
}

test.each<[string, Behaviour]>([
  ['a result', { do: 'echo', value: { n: 1 } }],
  ['a result that is stored', { do: 'fill', megabytes: 1 }],
  ['a result that isn’t text', { do: 'bytes', base64: '/wAA' }],
  ['a failure', { do: 'refuse', reason: 'no' }],
  ['a success at the third attempt', { do: 'fail', untilAttempt: 3, value: 'late' }],
  ['attempts that are used up', { do: 'fail', untilAttempt: 9 }],
])('the same processor has the same outcome in Lambda and in a worker: %s', async (name, behaviour) => {
  const suffix = name.replaceAll(/\W+/g, '-');
  const ids = [`lambda-${suffix}`, `worker-${suffix}`] as const;
  await service.send(service.ask(ids[0], behaviour));
  await askWorker(ids[1], behaviour);
  const [inLambda, inWorker] = await Promise.all(ids.map((id) => service.event(id)));
  if (!inLambda || !inWorker) throw new Error('no outcome');
  expect(comparable(inWorker)).toEqual(comparable(inLambda));
  const [one, other] = await Promise.all(ids.map((id) => service.record(id)));
  expect(other?.status).toBe(one?.status);
  expect(other?.attempts).toBe(one?.attempts);
});

test('a request that Lambda has finished doesn’t run again in a worker: its outcome is published again', async () => {
  const id = 'lambda-then-worker';
  await service.send(service.ask(id, { do: 'stamp' }));
  const first = await service.event(id);
  await askWorker(id, { do: 'stamp' });
  const [, second] = await service.events(id, 2);
  expect(second).toMatchObject({ id: first.id, data: first.data });
});
