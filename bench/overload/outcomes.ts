import { DeleteMessageBatchCommand, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { SQS_MAX_BATCH_ENTRIES } from '../../lib/core/config/aws-limits.ts';

/** When each request ended, in milliseconds since 1970, by its id. */
export type Ends = ReadonlyMap<string, number>;

/** Receives all messages of an output queue. */
export async function takeOutcomes(sqs: SQSClient, queueUrl: string): Promise<Ends> {
  const ends = new Map<string, number>();
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: SQS_MAX_BATCH_ENTRIES }),
    );
    if (Messages.length === 0) return ends;
    for (const { Body = '' } of Messages) {
      const { subject, time }: { subject: string; time: string } = JSON.parse(Body);
      ends.set(subject, Date.parse(time));
    }
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
}
