import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueAttributesCommand, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES } from '../../lib/core/config/aws-limits.ts';

/** The depth of a queue at a time, in seconds since the burst began. */
export interface Depth {
  readonly seconds: number;
  readonly waiting: number;
  readonly running: number;
}

/** Observations of a burst: times of sends, and queue depths until the queue was empty. */
export interface Burst {
  readonly sent: readonly { readonly seconds: number; readonly messages: number }[];
  readonly depths: readonly Depth[];
}

const SAMPLE_EVERY_MS = 25;

/** For callers that need only the end. */
const DRAIN_EVERY_MS = 500;

/** Sends messages as fast as one sender can, and observes the queue until nothing waits or runs. */
export async function measureBurst(
  sqs: SQSClient,
  queueUrl: string,
  messages: number,
  body: string,
): Promise<Burst> {
  const began = performance.now();
  const now = () => (performance.now() - began) / 1_000;
  const sent: { seconds: number; messages: number }[] = [];
  const sending = (async () => {
    for (let left = messages; left > 0; left -= SQS_MAX_BATCH_ENTRIES) {
      const entries = Math.min(left, SQS_MAX_BATCH_ENTRIES);
      await sendBatch(sqs, queueUrl, entries, body);
      sent.push({ seconds: now(), messages: entries });
    }
  })();
  const depths: Depth[] = [];
  const isOver = () => {
    const last = depths.at(-1);
    return last !== undefined && isEmpty(last);
  };
  const watching = (async () => {
    await Promise.race([sending, sleep(SAMPLE_EVERY_MS)]);
    for (let isSent = false; !(isSent && isOver()); ) {
      isSent = sent.reduce((sum, each) => sum + each.messages, 0) === messages;
      depths.push({ ...(await depthOf(sqs, queueUrl)), seconds: now() });
      await sleep(SAMPLE_EVERY_MS);
    }
  })();
  await Promise.all([sending, watching]);
  return { sent, depths };
}

/** Time from which nothing waited. */
export function drainedSeconds(depths: readonly Depth[]): number {
  return endOf(depths, ({ waiting }) => waiting > 0);
}

/** Time from which nothing waited or ran. */
export function doneSeconds({ depths }: Burst): number {
  return endOf(depths, (depth) => !isEmpty(depth));
}

/** First time from which a condition stays false. */
function endOf(depths: readonly Depth[], isSo: (depth: Depth) => boolean): number {
  return depths[depths.findLastIndex(isSo) + 1]?.seconds ?? Number.NaN;
}

/** Waits until nothing waits or runs. */
export async function drain(sqs: SQSClient, queueUrl: string): Promise<void> {
  while (!isEmpty(await depthOf(sqs, queueUrl))) await sleep(DRAIN_EVERY_MS);
}

function isEmpty({ waiting, running }: Omit<Depth, 'seconds'>): boolean {
  return waiting === 0 && running === 0;
}

async function sendBatch(sqs: SQSClient, queueUrl: string, entries: number, body: string): Promise<void> {
  const { Failed } = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: Array.from({ length: entries }, (_, index) => ({ Id: String(index), MessageBody: body })),
    }),
  );
  if (Failed?.length) throw new Error(`not sent: ${JSON.stringify(Failed)}`);
}

/** The current depth of a queue. */
export async function depthOf(sqs: SQSClient, queueUrl: string): Promise<Omit<Depth, 'seconds'>> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    waiting: Number(Attributes.ApproximateNumberOfMessages),
    running: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
  };
}
