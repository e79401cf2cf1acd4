import { CfnResource, Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { CfnQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { isObject } from '../../core/base/json-object.ts';
import { LAMBDA_MAX_ENVIRONMENT_BYTES } from '../../core/config/aws-limits.ts';

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/`. */
const QUEUE_URL_BYTES = 50;

/** `arn:aws:dynamodb:eu-west-1:123456789012:table/`. */
const ARN_BYTES = 46;

/** `arn:aws:secretsmanager:eu-west-1:123456789012:secret:`, and what Secrets Manager adds to the name. */
const SECRET_ARN_BYTES = 53 + 7;

/** What CloudFormation adds to the names of stack and resource, and the longest names that it gives. */
const SUFFIX_BYTES = 14;
const QUEUE_NAME_MAX_BYTES = 80;
const NAME_MAX_BYTES = 64;

/** Of anything else that a template refers to. */
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
      return [each.node.scope?.node.path, sizeOf(variables, resourcesOf(Stack.of(each)))];
    }),
  );
}

/** A resource that a template creates. */
interface NamedResource {
  readonly nameBytes: number;
  /** What a reference to it has before its name, and after it. */
  readonly referenceBytes: number;
}

/** The resources of a stack, by their logical ids. */
function resourcesOf(stack: Stack): ReadonlyMap<unknown, NamedResource> {
  const created = stack.node.findAll().filter((construct) => construct instanceof CfnResource);
  return new Map(
    created.map((resource) => {
      const id = String(stack.resolve(resource.logicalId));
      const named = `${stack.stackName}${id}`.length + SUFFIX_BYTES;
      const nameBytes = Math.min(named, resource instanceof CfnQueue ? QUEUE_NAME_MAX_BYTES : NAME_MAX_BYTES);
      return [id, { nameBytes, referenceBytes: referenceBytesOf(resource) }];
    }),
  );
}

/** CloudFormation refers to a queue by its URL, to a secret by its ARN, and to what else functions use by its name. */
function referenceBytesOf(resource: CfnResource): number {
  if (resource instanceof CfnQueue) return QUEUE_URL_BYTES;
  return resource instanceof CfnSecret ? SECRET_ARN_BYTES : 0;
}

/** Counts the names and values of variables. @param value as in a template */
function sizeOf(value: unknown, resources: ReadonlyMap<unknown, NamedResource>): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (!isObject(value)) return 0;
  const { Ref: ref, 'Fn::Join': join, 'Fn::GetAtt': attribute } = value;
  if (Array.isArray(join)) {
    const [, parts] = join;
    return Array.isArray(parts) ? parts.reduce((sum, part) => sum + sizeOf(part, resources), 0) : 0;
  }
  const [of, name] = Array.isArray(attribute) ? attribute : [ref];
  const resource = resources.get(of);
  if (resource) {
    const { nameBytes, referenceBytes } = resource;
    if (name === 'Arn') return ARN_BYTES + nameBytes;
    return name === undefined ? referenceBytes + nameBytes : nameBytes;
  }
  if (Object.keys(value).some((each) => each === 'Ref' || each.startsWith('Fn::'))) return REFERENCE_BYTES;
  return Object.entries(value).reduce(
    (sum, [each, member]) => sum + Buffer.byteLength(each) + sizeOf(member, resources),
    0,
  );
}
