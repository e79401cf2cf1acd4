import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { queueIdentity } from '../storage/queue-resource.ts';

/** A service that receives from one queue and sends to another. */
export interface Link {
  readonly inputQueue: IQueue;
  readonly outputQueue: IQueue | undefined;
}

/**
 * The links through which an outcome of `start` becomes a request of `start` again; empty without a loop. The search
 * follows the queues of this app and ends at an imported queue.
 */
export function loopFrom<Known extends Link>(start: Known, all: readonly Known[]): readonly Known[] {
  const passed: Known[] = [];
  let link: Known | undefined = start;
  while (link && !passed.includes(link)) {
    passed.push(link);
    const output: string | undefined = link.outputQueue && queueIdentity(link.outputQueue);
    link =
      output === undefined ? undefined : all.find(({ inputQueue }) => queueIdentity(inputQueue) === output);
  }
  return link === start ? passed : [];
}
