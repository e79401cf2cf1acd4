import { type OtherLaneUrls, otherLaneVariables } from './lane-urls.ts';
import { otherProcessorsVariable, type ProcessorQueue } from './processor-queues.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import { list, readVariables, text, type Variables, type VariablesOf, writeVariables } from './variables.ts';

/** What a deployment passes to the function that relays the rows of an outbox table. */
export interface OutboxFunctionEnvironment extends OtherLaneUrls {
  readonly outboxTable: string;
  /** Receives rows that can't be relayed. */
  readonly failureQueueUrl: string;
  readonly inputQueueUrl: string;
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** The processors of the services behind this one. */
  readonly otherProcessors: readonly ProcessorQueue[];
}

/** The outbox function's environment as variables, for a deployment to set. */
export function writeOutboxFunctionEnvironment(
  environment: OutboxFunctionEnvironment,
): Record<string, string> {
  return writeVariables(outboxVariables(), environment);
}

/**
 * Reads back what {@link writeOutboxFunctionEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readOutboxFunctionEnvironment(variables: Variables): OutboxFunctionEnvironment {
  return readVariables(outboxVariables(), variables, "The outbox function's environment");
}

function outboxVariables(): VariablesOf<OutboxFunctionEnvironment> {
  return {
    outboxTable: text(TEXT_VARIABLES.outboxTable),
    failureQueueUrl: text(TEXT_VARIABLES.outboxFailureQueueUrl),
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    ...otherLaneVariables(),
    topics: list('COATCHECK_TOPICS'),
    otherProcessors: otherProcessorsVariable(),
  };
}
