import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import { decodeWebhook, encodeWebhook, type WebhookMessage } from '../../lib/core/webhooks/message.ts';
import { awsVariables } from '../../lib/local/environment.ts';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { DeadLetterStack } from '../support/dead-letter-stack.ts';
import { exhaustAttempts } from '../support/dead-lettered.ts';

const variables = awsVariables(inject('endpoint'));

let stack: DeadLetterStack;

beforeEach(async () => {
  stack = await DeadLetterStack.open(inject('endpoint'));
});

const run = (...args: readonly string[]) =>
  coatcheck(['webhooks', ...args, '--stack', stack.stack], { variables });

const NOON = Date.UTC(2026, 0, 31, 12);

function webhook(request: string, host = 'example.com', attempt = 11): WebhookMessage {
  const identity = { id: request, source: '/shop', tenant: 'acme' };
  const subject = { type: 'coatcheck.request.failed', request: identity, at: NOON };
  return { url: `https://${host}/hook?secret`, id: `id-${request}`, attempt, subject, body: '{"type":"t"}' };
}

async function deadLetter(message: WebhookMessage | string): Promise<void> {
  await stack.sqs.send(
    new SendMessageCommand({
      QueueUrl: stack.deadUrl,
      MessageBody: typeof message === 'string' ? message : encodeWebhook(message),
      MessageGroupId: 'example.com',
    }),
  );
}

/** The webhooks that were put back. */
async function putBack(): Promise<{ webhook: WebhookMessage; group: string | undefined }[]> {
  const { Messages = [] } = await stack.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: stack.inputUrl,
      MaxNumberOfMessages: 10,
      VisibilityTimeout: 600,
      MessageSystemAttributeNames: ['MessageGroupId'],
    }),
  );
  return Messages.map(({ Body = '', Attributes }) => ({
    webhook: decodeWebhook(Body),
    group: Attributes?.MessageGroupId,
  }));
}

function linesOf(stdout: string): string[] {
  return stdout.replace(/\n$/, '').split('\n').toSorted();
}

describe('list', () => {
  test('prints a line for each webhook, and keeps them', async () => {
    await deadLetter(webhook('a'));
    await deadLetter(webhook('b', 'other.example:8443', 4));
    await deadLetter('nonsense');

    const { exitCode, stdout, stderr } = await run('list');

    expect([exitCode, stderr]).toEqual([0, '3 in all\n']);
    const [unreadable, a, b] = linesOf(stdout).toSorted(
      (one, other) => Number(one.startsWith('id')) - Number(other.startsWith('id')),
    );
    expect(unreadable).toMatch(/^[^\t]+\t\t\tunreadable\t\t\d{4}-.*Z$/);
    expect(a).toMatch(/^id-a\ta\texample\.com\tcoatcheck\.request\.failed\t10\t\d{4}-.*Z$/);
    expect(b).toMatch(/^id-b\tb\tother\.example:8443\tcoatcheck\.request\.failed\t3\t\d{4}-.*Z$/);
    expect(await stack.inDead()).toEqual([3, 0]);
  });

  test.each([
    [['--request', 'a'], ['a']],
    [['--host', 'other.example'], ['b']],
    [
      ['--since', '1h'],
      ['a', 'b'],
    ],
    [['--until', '1h'], []],
    [['--host', 'example.com', '--request', 'b'], []],
  ])('%j selects', async (filter, requests) => {
    await deadLetter(webhook('a'));
    await deadLetter(webhook('b', 'other.example'));
    const { stdout } = await run('list', '--json', ...filter);
    const listed = stdout === '' ? [] : linesOf(stdout).map((line) => JSON.parse(line));
    expect(listed.map(({ request }) => request).toSorted()).toEqual(requests);
    for (const each of listed) expect(each).toMatchObject({ source: '/shop', tenant: 'acme', attempts: 10 });
  });
});

describe('replay', () => {
  test('puts webhooks back under their ids, with all their attempts, and keeps what it cannot decode', async () => {
    await deadLetter(webhook('a'));
    await deadLetter('nonsense');

    const { exitCode, stdout, stderr } = await run('replay', '--yes');

    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/error: .*the message isn't a webhook[\s\S]*put back: 1\n$/);
    expect(linesOf(stdout)).toContain('id-a\ta\tput_back');
    expect(await putBack()).toEqual([{ webhook: webhook('a', 'example.com', 1), group: 'example.com' }]);
    expect(await stack.inDead()).toEqual([1, 0]);
  });

  test('puts back a message that EventBridge Scheduler failed to send', async () => {
    const call = { MessageBody: encodeWebhook(webhook('a', 'example.com', 4)), QueueUrl: stack.inputUrl };
    await deadLetter(JSON.stringify(call));
    expect((await run('replay', '--yes')).exitCode).toBe(0);
    expect((await putBack()).map((each) => each.webhook)).toEqual([webhook('a', 'example.com', 1)]);
  });

  test('a dry run does not count messages that cannot be decoded', async () => {
    await deadLetter('nonsense');
    const { stdout, stderr } = await run('replay', '--dry-run');
    expect(stdout).toMatch(/^[^\t]+\t\tunreadable\n$/);
    expect(stderr).toBe('would be put back: 0\n');
  });

  test('takes matching webhooks only, and only with --yes', async () => {
    await deadLetter(webhook('a'));
    await deadLetter(webhook('b', 'other.example'));

    const dry = await run('replay', '--dry-run', '--host', 'other.example');
    expect(dry).toMatchObject({
      exitCode: 0,
      stdout: 'id-b\tb\tput_back\n',
      stderr: 'would be put back: 1\n',
    });
    expect(await stack.inDead()).toEqual([2, 0]);
    expect((await run('replay')).stderr).toContain(
      'no terminal to ask for confirmation; pass --yes or --dry-run',
    );

    expect((await run('replay', '--yes', '--host', 'other.example', '--rate', '5/s')).exitCode).toBe(0);
    expect((await putBack()).map(({ webhook }) => webhook.id)).toEqual(['id-b']);
    expect(await stack.inDead()).toEqual([1, 0]);
  });
});

describe('purge', () => {
  const request = { id: 'a', source: '/shop', tenant: 'acme' };

  test('deletes as many as it was said, and the record says that the webhook is given up', async () => {
    await exhaustAttempts(stack.records, request, new Error('no'), NOON);
    await deadLetter(webhook('a'));
    await deadLetter(webhook('b', 'other.example'));

    const refused = await run('purge', '--host', 'example.com', '--count', '2');
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('must be the number of webhooks that match, 1 now, got 2'),
    });
    expect(await stack.inDead()).toEqual([2, 0]);
    expect((await stack.records.find(request))?.webhook).toBeUndefined();

    expect(await run('purge', '--host', 'example.com', '--count', '1')).toEqual({
      exitCode: 0,
      stdout: 'id-a\ta\tdeleted\n',
      stderr: 'would be deleted: 1\ndeleted: 1\n',
    });
    expect(await stack.inDead()).toEqual([1, 0]);
    expect((await stack.records.find(request))?.webhook).toMatchObject({
      status: 'dead_lettered',
      endedAt: NOON,
      attempts: 10,
      reason: 'given up: it was deleted from the dead-letter queue',
    });
  });

  test('deletes what can’t be decoded, and webhooks without a record', async () => {
    await deadLetter('nonsense');
    await deadLetter(webhook('b'));
    const { exitCode, stdout } = await run('purge', '--count', '2', '--json');
    const results = linesOf(stdout).map((line) => JSON.parse(line));
    expect([exitCode, results.map(({ result }) => result)]).toEqual([0, ['deleted', 'deleted']]);
    expect(await stack.inDead()).toEqual([0, 0]);
  });

  test('without --count, asks on a terminal for the number, and refuses in a pipe', async () => {
    await deadLetter(webhook('a'));
    const onTerminal = (stdin: string) =>
      coatcheckOnTerminal(['webhooks', 'purge', '--stack', stack.stack], { variables, stdin });
    expect((await run('purge')).stderr).toContain('pass --count with what --dry-run shows');
    expect(await run('purge', '--dry-run')).toMatchObject({ stdout: 'id-a\ta\tdeleted\n' });
    const declined = await onTerminal('y\n');
    expect(declined.stdout).toMatch(/would be deleted: 1\nType 1 to delete them:[\s\S]*nothing was deleted/);
    expect(await stack.inDead()).toEqual([1, 0]);
    expect((await onTerminal('1\n')).stdout).toContain('deleted: 1\n');
    expect(await stack.inDead()).toEqual([0, 0]);
  });
});
