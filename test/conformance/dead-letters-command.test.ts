import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck, coatcheckOnTerminal, interrupt, startCoatcheck } from '../support/coatcheck.ts';
import { DeadLetterStack } from '../support/dead-letter-stack.ts';
import { exhaustAttempts, failAgain, succeed } from '../support/dead-lettered.ts';
import { releaseTemplate, serviceOutput } from '../support/release-template.ts';

const variables = awsVariables(inject('endpoint'));

let stack: DeadLetterStack;

beforeEach(async () => {
  stack = await DeadLetterStack.open(inject('endpoint'));
});

const args = (...more: readonly string[]) => ['dead-letters', ...more, '--stack', stack.stack];
const run = (...more: readonly string[]) => coatcheck(args(...more), { variables });
const onTerminal = (stdin: string, ...more: readonly string[]) =>
  coatcheckOnTerminal(args(...more), { variables, stdin });

async function deadLetter(
  id: string,
  error: Error,
  { tenant, endedAt = Date.now() }: Given = {},
): Promise<void> {
  const MessageAttributes = tenant && { Tenant: { DataType: 'String', StringValue: tenant } };
  await stack.letter(`{"of":"${id}"}`, id, { MessageAttributes: { ...MessageAttributes } });
  await exhaustAttempts(stack.records, { id, source: '', tenant }, error, endedAt);
}

interface Given {
  readonly tenant?: string;
  readonly endedAt?: number;
}

function linesOf(stdout: string): string[] {
  return stdout.replace(/\n$/, '').split('\n').toSorted();
}

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 0, 31, 12);

describe('list', () => {
  test('prints a line for each request, and their count', async () => {
    await deadLetter('a', new RangeError('out of paper'), { endedAt: NOON, tenant: 'acme' });
    await deadLetter('b', new RangeError('out of\tink'), { endedAt: NOON });
    await deadLetter('c', new Error('no'));
    await succeed(stack.records, { id: 'c', source: '' }, Date.now() + HOUR);
    const plain = await stack.letter('hello');

    const { exitCode, stdout, stderr } = await run('list');

    expect([exitCode, stderr]).toEqual([0, '4 in all: RangeError 2, succeeded 1, unknown 1\n']);
    const lines = linesOf(stdout);
    expect(lines).toHaveLength(4);
    expect(lines).toContain('a\tacme\t2026-01-31T12:00:00.000Z\t1\t0\tRangeError\tout of paper');
    expect(lines).toContain('b\t\t2026-01-31T12:00:00.000Z\t1\t0\tRangeError\tout of ink');
    expect(lines).toContain(`${plain}\t\t\t0\t0\tunknown\t`);
    expect(lines).toContainEqual(expect.stringMatching(/^c\t\t\S+\t2\t1\tsucceeded\t$/));
    expect(await stack.inDead()).toEqual([4, 0]);
  });

  test('has those that are meant only, as JSON', async () => {
    await deadLetter('a', new RangeError('1'), { endedAt: Date.now() - HOUR, tenant: 'acme' });
    await deadLetter('b', new RangeError('2'), { endedAt: Date.now() - 3 * HOUR, tenant: 'acme' });
    await deadLetter('c', new TypeError('3'), { tenant: 'acme' });

    const { stdout } = await run(
      'list',
      '--json',
      '--code',
      'RangeError',
      '--tenant',
      'acme',
      '--since',
      '2h',
    );

    expect(linesOf(stdout).map((line) => JSON.parse(line))).toMatchObject([
      {
        id: 'a',
        tenant: 'acme',
        status: 'failed',
        code: 'RangeError',
        message: '1',
        attempts: 1,
        redrives: 0,
      },
    ]);
    expect(linesOf((await run('list', '--limit', '2')).stdout)).toHaveLength(2);
  });

  test('reports an empty queue', async () => {
    expect(await run('list')).toEqual({ exitCode: 0, stdout: '', stderr: 'no dead letters\n' });
  });
});

describe('show', () => {
  test('prints everything about a request', async () => {
    await deadLetter('a', new RangeError('out of paper'), { tenant: 'acme' });
    await deadLetter('b', new Error('no'));

    const { exitCode, stdout } = await run('show', 'a');

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ticket +a\ntenant +acme\nstatus +failed\nerror +RangeError: out of paper\n/);
    expect(stdout).toMatch(/\npayload +in the message, 10 bytes application\/json\n/);
    expect(stdout).toMatch(/\n@RequestId +a\n/);
    expect(stdout.endsWith('\n\n{"of":"a"}\n')).toBe(true);
  });

  test('truncates a long body without --full', async () => {
    await stack.letter('x'.repeat(10_000), 'a');
    expect((await run('show', 'a')).stderr).toBe('The body is 9.8 KiB; --full shows all of it.\n');
    const { stdout } = await run('show', 'a', '--full', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ id: 'a', body: 'x'.repeat(10_000), isCut: false });
  });

  test('fails for a request without a dead letter', async () => {
    expect(await run('show', 'a')).toMatchObject({
      exitCode: 1,
      stderr: 'error: There is no dead letter for a\n',
    });
  });
});

describe('redrive', () => {
  test('puts back, deletes and keeps, and prints the counts', async () => {
    await deadLetter('a', new Error('no'));
    await deadLetter('b', new Error('no'));
    await succeed(stack.records, { id: 'b', source: '' }, Date.now() + HOUR);
    await deadLetter('c', new Error('no'));
    await failAgain(stack.records, { id: 'c', source: '' }, 10, Date.now() + HOUR);

    const { exitCode, stdout, stderr } = await run('redrive', '--yes');

    expect(linesOf(stdout)).toEqual(['a\tput_back', 'b\tsettled', 'c\tlimit_reached']);
    expect(exitCode).toBe(0);
    for (const part of [
      'put back: 1',
      'deleted (already put back): 1',
      'kept (put back 10 times before): 1',
    ]) {
      expect(stderr).toContain(part);
    }
    const [message, ...others] = await stack.inInput();
    expect([message?.Body, others]).toEqual(['{"of":"a"}', []]);
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('takes the given ids, and reports those without a dead letter', async () => {
    for (const id of ['a', 'b', 'c']) await deadLetter(id, new Error('no'));
    const { exitCode, stdout, stderr } = await run('redrive', 'a', 'c', 'x', '--yes');
    expect(exitCode).toBe(1);
    expect(linesOf(stdout)).toEqual(['a\tput_back', 'c\tput_back']);
    expect(stderr).toContain('error: x: no matching dead letter\n');
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('--dry-run prints what would be done, and does nothing', async () => {
    for (const id of ['a', 'b', 'c']) await deadLetter(id, new Error('no'));
    const { exitCode, stdout, stderr } = await run('redrive', '--dry-run', '--limit', '2');
    expect([exitCode, stderr]).toEqual([0, 'would be put back: 2\n']);
    expect(linesOf(stdout)).toHaveLength(2);
    expect(await stack.inDead()).toEqual([3, 0]);
    expect(await stack.inInput()).toEqual([]);
  });

  test('asks on a terminal, and requires --yes without one', async () => {
    await deadLetter('a', new Error('no'));
    expect(await run('redrive')).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'error: no terminal to ask for confirmation; pass --yes or --dry-run\n',
    });
    expect((await onTerminal('n\n', 'redrive')).stdout).toContain('would be put back: 1\nContinue? [y/N]');
    expect(await stack.inDead()).toEqual([1, 0]);
    const { exitCode, stdout } = await onTerminal('y\n', 'redrive');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/put back: 1\n$/);
    expect(await stack.inDead()).toEqual([0, 0]);
  });

  test('stops after the current message when interrupted, and returns the others to the queue', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await deadLetter(id, new Error('no'));
    const child = startCoatcheck(args('redrive', '--yes', '--rate', '1/min'), { variables });
    if (!child.stdout || !child.stderr) throw new Error('no pipes');
    const stderr = text(child.stderr);
    await once(child.stdout, 'data');
    interrupt(child);
    expect(await once(child, 'close')).toEqual([130, null]);
    expect(await stderr).toContain('put back: 1\n');
    expect(await stack.inInput()).toHaveLength(1);
    expect(await stack.inDead()).toEqual([3, 0]);
  });
});

describe('redrive says which version runs what is put back', () => {
  test('with releases, as the alias does', async () => {
    const name = `redrive-${crypto.randomUUID()}`;
    stack = await DeadLetterStack.open(inject('endpoint'), releaseTemplate(name));
    await deadLetter('a', new Error('no'));

    const { stdout, stderr } = await run('redrive', '--dry-run', '--json');

    expect(stderr).toBe('what is put back is run by version 1\nwould be put back: 1\n');
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'a',
      result: 'put_back',
      runBy: { version: '1', weights: {} },
    });
  });

  test('without releases, as the outputs do', async () => {
    const Outputs = serviceOutput('ProcessorVersion', '1.4.2');
    stack = await DeadLetterStack.open(inject('endpoint'), { Outputs });
    await deadLetter('a', new Error('no'));
    const { stdout, stderr } = await run('redrive', '--yes', '--json');
    expect(stderr).toContain('what is put back is run by version 1.4.2\n');
    expect(JSON.parse(stdout)).toMatchObject({ runBy: { version: '1.4.2', weights: {} } });
  });

  test('puts back if the alias can’t be read', async () => {
    const { Outputs } = releaseTemplate('missing');
    const named = { ...Outputs, ...serviceOutput('ProcessorFunctionName', 'missing') };
    stack = await DeadLetterStack.open(inject('endpoint'), { Outputs: named });
    await deadLetter('a', new Error('no'));
    const { exitCode, stdout, stderr } = await run('redrive', '--yes');
    expect([exitCode, stdout]).toEqual([0, 'a\tput_back\n']);
    expect(stderr).toContain("which version runs what is put back isn't known: ResourceNotFoundException");
  });
});

test('purge deletes the matching dead letters', async () => {
  await deadLetter('a', new RangeError('1'));
  await deadLetter('b', new TypeError('2'));
  expect(await run('purge', '--code', 'RangeError', '--dry-run')).toMatchObject({
    stdout: 'a\tdeleted\n',
    stderr: 'would be deleted: 1\n',
  });
  expect(await stack.inDead()).toEqual([2, 0]);
  const refused = await run('purge');
  expect([refused.exitCode, refused.stderr]).toEqual([
    2,
    expect.stringContaining('pass --count with what --dry-run shows'),
  ]);
  expect(await run('purge', '--code', 'RangeError', '--count', '2')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('must be the number of dead letters that match, 1 now, got 2'),
  });
  expect(await stack.inDead()).toEqual([2, 0]);
  expect(await run('purge', '--code', 'RangeError', '--count', '1')).toEqual({
    exitCode: 0,
    stdout: 'a\tdeleted\n',
    stderr: 'would be deleted: 1\ndeleted: 1\n',
  });
  expect(await stack.inDead()).toEqual([1, 0]);
  expect(await stack.inInput()).toEqual([]);
});

test('purge asks on a terminal for the number of dead letters', async () => {
  await deadLetter('a', new RangeError('1'));
  await deadLetter('b', new TypeError('2'));
  const declined = await onTerminal('y\n', 'purge');
  expect(declined.stdout).toMatch(/would be deleted: 2\nType 2 to delete them:[\s\S]*nothing was deleted/);
  expect(await stack.inDead()).toEqual([2, 0]);
  expect((await onTerminal('2\n', 'purge')).stdout).toContain('deleted: 2\n');
  expect(await stack.inDead()).toEqual([0, 0]);
});
