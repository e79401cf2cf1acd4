import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, inject, test, vi } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Service } from './service.ts';

const operator = new Service('E2e-cloudevents').callerName('Operator');

/** Runs a command for the stack under test, like a user. */
function onStack(args: readonly string[], cwd?: string) {
  const variables = { ...awsVariables(inject('endpoint')), AWS_SDK_UA_APP_ID: operator };
  return coatcheck([...args, '--stack', 'E2e-cloudevents'], { variables, cwd });
}

test('submits files of any size, and writes their results', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'order.json'), JSON.stringify({ do: 'echo', value: 1 }));
  await writeFile(join(cwd, 'wrong.json'), JSON.stringify({ do: 'refuse', reason: 'out of paper' }));
  await writeFile(join(cwd, 'form.bin'), new Uint8Array(5_000_000));
  await writeFile(join(cwd, 'parts.bin'), new Uint8Array(110_000_000));
  const files = ['order.json', 'wrong.json', 'form.bin', 'parts.bin'];

  const { exitCode, stdout, stderr } = await onStack(
    ['submit', ...files, '--metadata', 'colour=blue', '--wait', '-o', 'results'],
    cwd,
  );

  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('refused: out of paper')]);
  const resultOf = async (file: string) =>
    JSON.parse(await readFile(join(cwd, 'results', `${file}.result.json`), 'utf8'));
  expect(await resultOf('order.json')).toMatchObject({ value: 1, attempt: 1, metadata: { colour: 'blue' } });
  expect(await resultOf('form.bin')).toMatchObject({ bytes: 5_000_000 });
  expect(await resultOf('parts.bin')).toMatchObject({ bytes: 110_000_000 });

  const failed = stdout.split('\n').find((line) => line.includes('\twrong.json\t')) ?? '';
  const [id = ''] = failed.split('\t');
  expect(await onStack(['status', id])).toMatchObject({ exitCode: 3, stderr: '' });
  expect((await onStack(['list', '--status', 'failed', '--all'])).stdout).toContain(id);
});

test('lists a dead letter, puts it back, and runs it again under its ticket', async () => {
  const service = new Service('E2e-cloudevents');
  // Its four attempts fail.
  const { id } = await service.submit({ do: 'fail', untilAttempt: 5 });
  expect(await service.event(id)).toMatchObject({ data: { code: 'attempts_exhausted' } });

  // Its failure is published before SQS has moved its message.
  await vi.waitUntil(async () => (await onStack(['dead-letters', 'list'])).stdout.includes(id), {
    timeout: 60_000,
  });
  const { stdout } = await onStack(['dead-letters', 'list', '--code', 'retry_later']);
  expect(stdout.split('\n')).toContainEqual(expect.stringMatching(`^${id}\t\t\\S+\t4\t0\tretry_later\t`));

  const group = await vi.waitUntil(() => groupOf(onStack, id), { timeout: 60_000 });
  const noted = await onStack(['failures', 'note', group, 'not yet', '--json']);
  expect(JSON.parse(noted.stdout)).toMatchObject({
    id: group,
    code: 'retry_later',
    frame: expect.stringContaining('behaviour.ts'),
    note: { text: 'not yet' },
  });
  const shown = await onStack(['failures', 'show', group, '--limit', '100']);
  expect(shown.stdout).toContain(id);

  const before = await service.record(id);
  expect(await onStack(['dead-letters', 'redrive', id, '--rehearse', '--yes', '--json'])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('"rehearsal":{"result":"succeeds"}'),
    stderr: expect.stringContaining('1 would succeed, 0 would fail'),
  });
  expect(await service.record(id)).toEqual(before);

  expect(await onStack(['dead-letters', 'redrive', id, '--failure-group', group, '--yes'])).toEqual({
    exitCode: 0,
    stdout: `${id}\tput_back\n`,
    stderr: 'put back: 1\n',
  });
  expect(await service.outcomes(id, 2)).toMatchObject([
    { type: 'coatcheck.request.failed' },
    { type: 'coatcheck.request.succeeded', data: { attempt: 5 } },
  ]);
  expect((await onStack(['dead-letters', 'show', id])).exitCode).toBe(1);
});

test('redrives a dead letter by an action, from its plan to its end', async () => {
  const service = new Service('E2e-cloudevents');
  const { id } = await service.submit({ do: 'fail', untilAttempt: 5 });
  expect(await service.event(id)).toMatchObject({ data: { code: 'attempts_exhausted' } });
  await vi.waitUntil(async () => (await onStack(['dead-letters', 'list'])).stdout.includes(id), {
    timeout: 60_000,
  });

  const before = await service.record(id);
  const toRehearse = JSON.parse((await onStack(['actions', 'plan', 'rehearse', id, '--json'])).stdout);
  await onStack(['actions', 'apply', toRehearse.id, '--count', '1', '--no-wait']);
  await runAction(service, toRehearse.id);
  const rehearsed = await onStack(['actions', 'show', toRehearse.id, '--json']);
  expect(JSON.parse(rehearsed.stdout)).toMatchObject({
    state: 'succeeded',
    progress: { handled: 1, done: 1 },
  });
  expect(await service.record(id)).toEqual(before);

  const planned = await onStack(['actions', 'plan', 'redrive', id, '--reason', 'it works again', '--json']);
  const plan = JSON.parse(planned.stdout);
  expect(plan).toMatchObject({ state: 'planned', count: 1, sample: [{ id, status: 'failed' }] });
  expect(await onStack(['actions', 'apply', plan.id, '--count', '1', '--no-wait'])).toMatchObject({
    exitCode: 0,
  });
  await runAction(service, plan.id);

  const shown = await onStack(['actions', 'show', plan.id, '--json']);
  expect(JSON.parse(shown.stdout)).toMatchObject({ state: 'succeeded', progress: { handled: 1, done: 1 } });
  expect(await service.outcomes(id, 2)).toMatchObject([
    { type: 'coatcheck.request.failed' },
    { type: 'coatcheck.request.succeeded', data: { attempt: 5 } },
  ]);
  expect((await onStack(['actions', 'list'])).stdout).toContain('it works again');
});

/** Has the timer of an action fire, as the scheduler does within a minute. */
async function runAction(service: Service, id: string): Promise<void> {
  const lambda = new LambdaClient(localConfig(inject('endpoint')));
  const FunctionName = service.output('ActionFunctionName');
  const { FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify({ id }) }),
  );
  expect(FunctionError).toBeUndefined();
}

/** The group of a failed request; undefined while the index of failures lags behind. */
async function groupOf(
  run: (line: readonly string[]) => Promise<{ readonly stdout: string }>,
  id: string,
): Promise<string | undefined> {
  const [status, listed] = await Promise.all([
    run(['status', id, '--json']),
    run(['failures', 'list', '--since', '1h', '--limit', '100']),
  ]);
  const { failureGroup } = JSON.parse(status.stdout);
  return listed.stdout.includes(failureGroup) ? failureGroup : undefined;
}

test('E2: lists the services of a stack, and selects one by --service', async () => {
  const variables = awsVariables(inject('endpoint'));
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'order.json'), JSON.stringify({ do: 'echo', value: 2 }));

  const { stdout } = await coatcheck(['services'], { variables });
  const listed = stdout.split('\n').map((line) => line.split('\t').slice(0, 3));
  for (const service of ['Service', 'Second']) {
    expect(listed).toContainEqual(['E2e-pausing', service, 'test/e2e/processors/behaviour.ts']);
  }

  const which = ['--stack', 'E2e-pausing'];
  const submit = ['submit', 'order.json', '--wait', '-o', 'results', ...which];
  expect(await coatcheck(submit, { variables, cwd })).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('--stack E2e-pausing --service Second'),
  });
  const submitted = await coatcheck([...submit, '--service', 'Second'], { variables, cwd });
  expect(submitted.exitCode).toBe(0);
  expect(JSON.parse(await readFile(join(cwd, 'results', 'order.json.result.json'), 'utf8'))).toMatchObject({
    value: 2,
  });
  const listing = ['dead-letters', 'list', ...which, '--service', 'Service'];
  expect(await coatcheck(listing, { variables })).toMatchObject({ exitCode: 0, stderr: 'no dead letters\n' });
});

test('E13: calls an API with IAM authorization on the local AWS, also by its URL', async () => {
  const { stdout } = await coatcheck(['services', '--json'], { variables: awsVariables(inject('endpoint')) });
  const services = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const { outputs } = services.find(({ stack, service }) => `${stack} ${service}` === 'E2e-pausing Second');
  expect(await coatcheck(['list', '--api', outputs.ApiUrl])).toMatchObject({ exitCode: 0 });

  const preflight = await fetch(`${outputs.ApiUrl}/v1/requests`, {
    method: 'OPTIONS',
    headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'POST' },
  });
  expect(preflight.ok).toBe(true);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
});

test('D10: prints the log of one request only', async () => {
  const service = new Service('E2e-cloudevents');
  const [{ id }, other] = await Promise.all([
    service.submit({ do: 'refuse', reason: 'out of paper' }, { Prefer: 'wait=20' }),
    service.submit({ do: 'refuse', reason: 'out of ink' }, { Prefer: 'wait=20' }),
  ]);

  // The local AWS logs the output of an invocation at its end.
  const logged = await eventually(async () => {
    const { stdout } = await onStack(['logs', id]);
    expect(stdout).toContain('out of paper');
    return stdout;
  });

  for (const line of logged.trim().split('\n')) expect(line.split('\t')[2]).toBe(id);
  expect(logged).not.toContain('out of ink');
  const all = await eventually(async () => {
    const { stdout } = await onStack(['logs', '--since', '10min']);
    expect(stdout).toContain(id);
    expect(stdout).toContain(other.id);
    return stdout;
  });
  expect(all).not.toContain('_aws');
});
