import type { SQSClient } from '@aws-sdk/client-sqs';
import { takeMessages } from '../support/take-messages.ts';

/** When each request ended, in milliseconds since 1970, by its id. */
export type Ends = ReadonlyMap<string, number>;

/** Receives all messages of an output queue. */
export async function takeOutcomes(sqs: SQSClient, queueUrl: string): Promise<Ends> {
  const messages = await takeMessages(sqs, queueUrl);
  return new Map(
    messages.map(({ Body = '' }) => {
      const { subject, time }: { subject: string; time: string } = JSON.parse(Body);
      return [subject, Date.parse(time)];
    }),
  );
}
