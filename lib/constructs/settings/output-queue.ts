import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { OutputProps, OutputQueueProps } from './output-props.ts';

/** The existing queue that outcomes are published to; undefined if the service creates one. */
export function existingOutputQueue({ output: { queue } = {} }: AsyncServiceProps): IQueue | undefined {
  return isExisting(queue) ? queue : undefined;
}

/** The options for the output queue that the service creates; undefined if it uses an existing queue. */
export function newOutputQueue({
  output: { queue = {} } = {},
}: AsyncServiceProps): OutputQueueProps | undefined {
  return isExisting(queue) ? undefined : queue;
}

function isExisting(queue: OutputProps['queue']): queue is IQueue {
  return queue !== undefined && 'queueArn' in queue;
}
