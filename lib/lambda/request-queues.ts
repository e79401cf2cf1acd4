import type { SQSEvent } from 'aws-lambda';
import type { SqsMessages } from '../aws/sqs-messages.ts';
import type { Priority } from '../core/model/priority.ts';
import type { ReceivedMessage } from '../core/model/received-message.ts';
import { messagesOf } from './sqs-event.ts';

/** A queue whose messages come to a function. */
export interface RequestQueue {
  readonly url: string;
  readonly messages: SqsMessages;
  /** Undefined for the queue of normal requests, and where there is one for all. */
  readonly lane?: Priority;
}

/**
 * The messages of an event, with the methods that settle them. All messages of an event come from one queue.
 * @param queues the queues of the function; an event of an unknown queue is treated as one of the first
 * @param traced whether to read the senders' traces from X-Ray's header
 * @throws TypeError if the event isn't one of an SQS event source
 */
export function requestsOf(
  event: SQSEvent,
  queues: readonly [RequestQueue, ...RequestQueue[]],
  traced: boolean,
): ReceivedMessage[] {
  const messages = messagesOf(event, traced);
  const name = event.Records[0]?.eventSourceARN?.split(':').at(-1);
  const { messages: source, lane } = queues.find(({ url }) => url.endsWith(`/${name}`)) ?? queues[0];
  return messages.map((message) => source.receive(lane === undefined ? message : { ...message, lane }));
}
