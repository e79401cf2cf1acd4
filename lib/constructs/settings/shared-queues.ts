import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { arnIdentity, queueIdentity } from '../storage/queue-resource.ts';

/** A service and its input queue. */
interface QueueUser extends IConstruct {
  readonly inputQueue: IQueue;
}

/** Problems of a service whose input queue has other consumers in the app: each message would go to one of them. */
export function sharedQueueProblems(service: QueueUser, all: readonly QueueUser[]): string[] {
  const identity = queueIdentity(service.inputQueue);
  const others = all.filter((other) => other !== service && queueIdentity(other.inputQueue) === identity);
  const mappings = service.node.root.node
    .findAll()
    .filter((construct) => construct instanceof CfnEventSourceMapping)
    .filter(({ node }) => !all.some((one) => node.scopes.includes(one)))
    .filter(({ eventSourceArn }) => eventSourceArn && arnIdentity(service, eventSourceArn) === identity);
  return [...others, ...mappings].map(
    ({ node }) =>
      `The input queue of ${service.node.path} must have no other consumer, got ${node.path}: each message would go to only one of them`,
  );
}
