import { Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { CfnQueue, type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';

/**
 * The CloudFormation resource of a queue of this app, also if it was imported into another stack by its ARN; undefined if
 * the queue isn't part of this app.
 */
export function queueResource(queue: IQueue): CfnQueue | undefined {
  const resource = queue.node.defaultChild;
  return resource instanceof CfnQueue ? resource : resourceOfArn(queue.queueArn);
}

function resourceOfArn(arn: string): CfnQueue | undefined {
  const reference = Tokenization.reverse(arn, { failConcat: false });
  return Reference.isReference(reference) && reference.target instanceof CfnQueue
    ? reference.target
    : undefined;
}

/** The construct that creates a queue in this app; undefined if none does, or a `CfnQueue` alone. */
export function createdQueue(queue: IQueue): Queue | undefined {
  const scope = queueResource(queue)?.node.scope;
  return scope instanceof Queue ? scope : undefined;
}

/** An identity that is equal for all constructs of one queue, for example after `Queue.fromQueueArn`. */
export function queueIdentity(queue: IQueue): string {
  return arnIdentity(queue, queue.queueArn);
}

/** The identity of the queue with an ARN, as {@link queueIdentity} returns it. */
export function arnIdentity(scope: IConstruct, arn: string): string {
  const resource = resourceOfArn(arn);
  const stack = Stack.of(resource ?? scope);
  const resolved: unknown = stack.resolve(resource?.attrArn ?? arn);
  return typeof resolved === 'string' ? resolved : `${stack.node.path} ${JSON.stringify(resolved)}`;
}

/** A number in the template of a queue, or the default without it; undefined if it is unknown until deployment. */
export function statedNumber(value: unknown, byDefault?: number): number | undefined {
  if (value === undefined) return byDefault;
  return typeof value === 'number' && !Token.isUnresolved(value) ? value : undefined;
}
