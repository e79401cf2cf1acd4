import { Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { isObject } from '../../core/base/json-object.ts';
import { LAMBDA_MAX_ENVIRONMENT_BYTES } from '../../core/config/aws-limits.ts';

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/`. */
const QUEUE_URL_BYTES = 50;

/** What CloudFormation adds to the names of stack and resource, and the longest name of a queue. */
const SUFFIX_BYTES = 14;
const QUEUE_NAME_MAX_BYTES = 80;

/** Of names and ARNs of other resources: fewer than most have. */
const REFERENCE_BYTES = 40;

/** Problems with the variables of the functions in a construct, which would fail the deployment. */
export function environmentProblems(scope: IConstruct): string[] {
  return [...environmentSizes(scope)].flatMap(([path, bytes]) =>
    bytes <= LAMBDA_MAX_ENVIRONMENT_BYTES
      ? []
      : [
          `The variables of ${path} must have at most ${LAMBDA_MAX_ENVIRONMENT_BYTES} bytes, which is Lambda's limit, got about ${bytes}: ` +
            'use fewer or shorter topics, fewer limits, fewer added processors, or shorter names of stack and constructs',
        ],
  );
}

/** The bytes that the variables of the functions in a construct take, by their paths. What CloudFormation names is estimated. */
export function environmentSizes(scope: IConstruct): ReadonlyMap<string | undefined, number> {
  const functions = scope.node.findAll().filter((construct) => construct instanceof CfnFunction);
  return new Map(
    functions.map((each) => {
      const environment: unknown = Stack.of(each).resolve(each.environment);
      const variables = isObject(environment) ? environment.variables : undefined;
      return [each.node.scope?.node.path, sizeOf(variables, queueUrlSizes(Stack.of(each)))];
    }),
  );
}

/** The sizes of the URLs of the queues in a stack, by their logical ids. */
function queueUrlSizes(stack: Stack): ReadonlyMap<string, number> {
  const queues = stack.node.findAll().filter((construct) => construct instanceof CfnQueue);
  return new Map(
    queues.map((queue) => {
      const id = String(stack.resolve(queue.logicalId));
      const named = `${stack.stackName}${id}`.length + SUFFIX_BYTES;
      return [id, QUEUE_URL_BYTES + Math.min(named, QUEUE_NAME_MAX_BYTES)];
    }),
  );
}

/** Counts the names and values of variables. @param value as in a template */
function sizeOf(value: unknown, queueUrls: ReadonlyMap<string, number>): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (!isObject(value)) return 0;
  const { Ref: ref, 'Fn::Join': join } = value;
  if (typeof ref === 'string') return queueUrls.get(ref) ?? REFERENCE_BYTES;
  if (Array.isArray(join)) {
    const [, parts] = join;
    return Array.isArray(parts) ? parts.reduce((sum, part) => sum + sizeOf(part, queueUrls), 0) : 0;
  }
  if (Object.keys(value).some((name) => name.startsWith('Fn::'))) return REFERENCE_BYTES;
  return Object.entries(value).reduce(
    (sum, [name, each]) => sum + Buffer.byteLength(name) + sizeOf(each, queueUrls),
    0,
  );
}
