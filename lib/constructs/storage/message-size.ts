import { Token } from 'aws-cdk-lib';
import { CfnQueue, type IQueue } from 'aws-cdk-lib/aws-sqs';

/**
 * The MaximumMessageSize in the template of a queue, in bytes. Undefined for an imported queue, and for a queue without
 * the property: it may have been created when SQS had a smaller default, which it keeps.
 */
export function statedMaxMessageBytes(queue: IQueue): number | undefined {
  const resource = queue.node.defaultChild;
  const stated = resource instanceof CfnQueue ? resource.maximumMessageSize : undefined;
  return stated === undefined || Token.isUnresolved(stated) ? undefined : stated;
}
