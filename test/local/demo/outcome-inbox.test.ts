import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { localClients } from '../../../lib/local/clients.ts';
import { OutcomeInbox } from '../../../lib/local/demo/outcome-inbox.ts';
import { openLocalAws } from '../../../lib/local/emulator.ts';
import { IN_TIME } from '../../support/in-time.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { freePort } from '../free-port.ts';

/** Allows for the first start on a machine, which installs the emulator. */
const TIMEOUT_MS = 300_000;

describe('an inbox', { timeout: TIMEOUT_MS }, () => {
  test('returns outcomes that arrive before or after the wait, and deletes them with duplicates', async () => {
    const { inbox, send, left, patience } = await openInbox();
    await send('early', { rows: 1 });
    await send('early', { rows: 1 });
    await expect.poll(left).toEqual({ waiting: '0', taken: '2' });

    const late = inbox.wait('late', patience);
    await send('late', { rows: 2 });

    expect((await inbox.wait('early', patience)).event).toMatchObject({
      subject: 'early',
      data: { rows: 1 },
    });
    expect((await late).event).toMatchObject({ subject: 'late', data: { rows: 2 } });
    await expect.poll(left).toEqual({ waiting: '0', taken: '0' });
  });

  test('leaves other outcomes in the queue', async () => {
    const { inbox, send, left, patience } = await openInbox();
    await send('of someone else', {});
    await send('ours', {});

    await inbox.wait('ours', patience);
    await expect.poll(left).toEqual({ waiting: '0', taken: '1' });
  });

  test('stops waiting at its signal', async () => {
    const { inbox } = await openInbox();

    await expect(inbox.wait('never', AbortSignal.timeout(50))).rejects.toThrow('timeout');
    await expect(inbox.wait('never', AbortSignal.abort(new Error('Ctrl-C')))).rejects.toThrow('Ctrl-C');
  });

  test('reports a deleted queue', async () => {
    const { inbox, patience, stop } = await openInbox();

    const waiting = inbox.wait('never', patience);
    await stop();
    await expect(waiting).rejects.toThrow();
    await expect(inbox.wait('another', patience)).rejects.toThrow();
  });
});

async function openInbox() {
  const aws = await openLocalAws({ port: await freePort(), folder: await temporaryFolder() });
  const stop = () => aws[Symbol.asyncDispose]();
  onTestFinished(stop);
  const { sqs } = localClients(aws.endpoint);
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'outcomes' }));
  const inbox = new OutcomeInbox(sqs, QueueUrl ?? '');
  onTestFinished(() => inbox[Symbol.asyncDispose]());

  const send = (subject: string, data: unknown) => {
    const event = { type: 'coatcheck.request.succeeded', subject, data };
    return sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
  };
  const left = async () => {
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
    const { Attributes } = await sqs.send(command);
    return {
      waiting: Attributes?.ApproximateNumberOfMessages,
      taken: Attributes?.ApproximateNumberOfMessagesNotVisible,
    };
  };
  return { inbox, send, left, stop, patience: AbortSignal.timeout(IN_TIME.timeout) };
}
