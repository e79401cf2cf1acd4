import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, inject, onTestFinished, test } from 'vitest';
import { consume, type OutcomeHandler, type ReceivedOutcome, RetryLater } from '../../lib/consumer/index.ts';
import { toolEnvironment } from '../../lib/local/environment.ts';
import { eventually } from '../support/eventually.ts';
import { Service } from './service.ts';
import { SignedClient } from './signed-client.ts';

const service = new Service('E2e-client');
const client = new SignedClient(service);

/** Longer than a busy machine holds up a process, which must extend it. */
const VISIBILITY_SECONDS = 10;

/** A consumer that runs until the test ends. The queue also has outcomes of other tests. */
function start(handler: OutcomeHandler): string[] {
  const stop = new AbortController();
  const errors: string[] = [];
  const consuming = consume(
    {
      ...service.clientsOf('Consumer'),
      queueUrl: service.outputQueueUrl,
      visibilityTimeoutSeconds: VISIBILITY_SECONDS,
      signal: stop.signal,
      onError: (error, { requestId }) => errors.push(`${requestId}: ${error}`),
    },
    handler,
  );
  onTestFinished(async () => {
    stop.abort();
    await consuming;
  });
  return errors;
}

test('consumes outcomes with results in messages and in the store, and again after a failure', async () => {
  const stamped = await client.ask({ do: 'stamp' });
  const filled = await client.ask({ do: 'fill', megabytes: 2 });
  const refused = await client.ask({ do: 'refuse', reason: 'out of paper' });
  const outcomes = new Map<string, ReceivedOutcome[]>([stamped, filled, refused].map((id) => [id, []]));
  const again = new RetryLater(0);
  const errors = start((outcome) => {
    const seen = outcomes.get(outcome.requestId);
    seen?.push(outcome);
    if (outcome.requestId === stamped && seen?.length === 1) throw again;
  });
  await eventually(() => {
    expect(outcomes.get(stamped)?.length).toBeGreaterThanOrEqual(2);
    for (const id of [filled, refused]) expect(outcomes.get(id)).not.toEqual([]);
  });
  for (const seen of outcomes.values()) expect(new Set(seen.map(({ id }) => id)).size).toBe(1);

  const [first, second] = outcomes.get(stamped) ?? [];
  expect(second?.id).toBe(first?.id);
  expect(await jsonOf(second)).toEqual(await (await client.result(stamped)).json());
  expect(errors).toContain(`${stamped}: ${again}`);

  const [large] = outcomes.get(filled) ?? [];
  if (large?.status !== 'succeeded') throw new Error(`it is ${large?.status}`);
  expect(large.result).toMatchObject({
    contentType: 'application/octet-stream',
    reference: { bucket: service.bucket },
  });
  expect(await large.result.bytes()).toEqual(await (await client.result(filled)).bytes());

  expect(outcomes.get(refused)?.[0]).toMatchObject({
    status: 'failed',
    service: '/coatcheck/e2e-client',
    problem: { code: 'refused', details: { by: 'test' } },
  });
});

test('redelivers an outcome to another consumer if its consumer is killed (fault 37)', async () => {
  const program = fileURLToPath(new URL('consumers/hanging.ts', import.meta.url));
  const killed = spawn(process.execPath, [program, service.outputQueueUrl, String(VISIBILITY_SECONDS)], {
    env: { ...toolEnvironment(inject('endpoint')), AWS_SDK_UA_APP_ID: service.callerName('Consumer') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void killed.kill('SIGKILL'));
  const id = await client.ask({ do: 'stamp' });
  for await (const line of createInterface(killed.stdout)) if (line === id) break;
  const seen: string[] = [];
  start(({ requestId }) => void seen.push(requestId));
  await client.wait(id);
  expect(seen).not.toContain(id);

  killed.kill('SIGKILL');
  await once(killed, 'exit');
  await expect.poll(() => seen).toContain(id);
});

async function jsonOf(outcome: ReceivedOutcome | undefined): Promise<unknown> {
  return outcome?.status === 'succeeded' ? outcome.result.json() : outcome?.problem;
}
