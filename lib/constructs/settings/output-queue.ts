import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { OutputProps, OutputQueueProps } from './output-props.ts';

/** The options of the output; empty for a service without one. */
export function outputOf({ output }: AsyncServiceProps): OutputProps {
  return output || {};
}

/** The existing queue that outcomes are published to; undefined if the service creates one. */
export function existingOutputQueue(props: AsyncServiceProps): IQueue | undefined {
  const { queue } = outputOf(props);
  return isExisting(queue) ? queue : undefined;
}

/** The options for the output queue that the service creates; undefined if it creates none. */
export function newOutputQueue(props: AsyncServiceProps): OutputQueueProps | undefined {
  if (props.output === false) return undefined;
  const { queue = {} } = outputOf(props);
  return isExisting(queue) ? undefined : queue;
}

function isExisting(queue: OutputProps['queue']): queue is IQueue {
  return queue !== undefined && 'queueArn' in queue;
}
