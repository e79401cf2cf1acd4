import { otherProcessorsVariable, type ProcessorQueue } from './processor-queues.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import { list, readVariables, text, type Variables, type VariablesOf, writeVariables } from './variables.ts';

/** What a deployment passes to the function that relays messages of other queue systems. */
export interface RelayEnvironment {
  readonly inputQueueUrl: string;
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** The processors of the services behind this one. */
  readonly otherProcessors: readonly ProcessorQueue[];
  /** Keeps messages that are too large for the queue. */
  readonly payloadBucket: string;
  readonly payloadPrefix: string;
}

/** The relay function's environment as variables, for a deployment to set. */
export function writeRelayEnvironment(environment: RelayEnvironment): Record<string, string> {
  return writeVariables(relayVariables(), environment);
}

/**
 * Reads back what {@link writeRelayEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readRelayEnvironment(variables: Variables): RelayEnvironment {
  return readVariables(relayVariables(), variables, "The relay function's environment");
}

function relayVariables(): VariablesOf<RelayEnvironment> {
  return {
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    topics: list('COATCHECK_TOPICS'),
    otherProcessors: otherProcessorsVariable(),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    payloadPrefix: text(TEXT_VARIABLES.payloadPrefix),
  };
}
