import { ConfigurationError } from '../core/errors.ts';
import type { StackOutputs } from './deployment.ts';

const NAMES = [
  'PayloadBucketName',
  'RequestTableName',
  'InputQueueUrl',
  'OutputQueueUrl',
  'DeadLetterQueueUrl',
  'OutputDeadLetterQueueUrl',
  'ProcessorFunctionName',
  'ApiUrl',
] as const;

/** What one needs to know of a deployed service to use it. */
export type ServiceOutputs = Readonly<Record<(typeof NAMES)[number], string>>;

/** @throws ConfigurationError when the stack isn't there or isn't one with a service of its own queues and an HTTP API */
export function serviceOutputs(outputs: StackOutputs, stack = 'Coatcheck'): ServiceOutputs {
  const value = (name: (typeof NAMES)[number]): string => {
    const found = outputs[stack]?.[name];
    if (found !== undefined) return found;
    throw new ConfigurationError(
      `The stack ${stack} should have the output ${name}; it has none of that name`,
    );
  };
  return {
    PayloadBucketName: value('PayloadBucketName'),
    RequestTableName: value('RequestTableName'),
    InputQueueUrl: value('InputQueueUrl'),
    OutputQueueUrl: value('OutputQueueUrl'),
    DeadLetterQueueUrl: value('DeadLetterQueueUrl'),
    OutputDeadLetterQueueUrl: value('OutputDeadLetterQueueUrl'),
    ProcessorFunctionName: value('ProcessorFunctionName'),
    ApiUrl: value('ApiUrl'),
  };
}
