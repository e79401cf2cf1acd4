import { Token } from 'aws-cdk-lib';
import { CfnQueue, type IQueue } from 'aws-cdk-lib/aws-sqs';

/**
 * The MaximumMessageSize that a queue of this app states, in bytes. Undefined for an imported queue, and for one that
 * states none: it may be older than today's default, and keeps the one of its time.
 */
export function statedMaxMessageBytes(queue: IQueue): number | undefined {
  const resource = queue.node.defaultChild;
  const stated = resource instanceof CfnQueue ? resource.maximumMessageSize : undefined;
  return stated === undefined || Token.isUnresolved(stated) ? undefined : stated;
}
