import { Stack } from 'aws-cdk-lib';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';

/** Something that takes messages from one queue and sends to another. */
export interface Link {
  readonly inputQueue: IQueue;
  readonly outputQueue: IQueue;
}

/**
 * The links an outcome of `start` passes before it is a request of `start` again; none when it never is.
 * Follows queues the app knows; one imported from elsewhere ends the search.
 */
export function loopFrom<Known extends Link>(start: Known, all: readonly Known[]): readonly Known[] {
  const passed: Known[] = [];
  let link: Known | undefined = start;
  while (link && !passed.includes(link)) {
    passed.push(link);
    const output = identityOf(link.outputQueue);
    link = all.find(({ inputQueue }) => identityOf(inputQueue) === output);
  }
  return link === start ? passed : [];
}

/** The same for two objects that stand for one queue, as after `Queue.fromQueueArn`. */
function identityOf(queue: IQueue): string {
  const arn: unknown = Stack.of(queue).resolve(queue.queueArn);
  return typeof arn === 'string' ? arn : `${Stack.of(queue).node.path} ${JSON.stringify(arn)}`;
}
