import type { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { existingOutputQueue, outputOf } from './output-queue.ts';
import { subscribedQueueProblems } from './subscribed-queue-problems.ts';

/** Problems with the fan-out of outcomes. */
export function fanOutProblems(service: Construct, props: AsyncServiceProps): string[] {
  const queue = existingOutputQueue(props);
  return queue && outputOf(props).fanOut ? subscribedQueueProblems(service, 'output.queue', queue) : [];
}
