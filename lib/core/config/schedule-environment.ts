import { otherProcessorsVariable, type ProcessorQueue } from './processor-queues.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import {
  list,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function that submits the requests of schedules. */
export interface ScheduleEnvironment {
  readonly inputQueueUrl: string;
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** The processors of the services behind this one. */
  readonly otherProcessors: readonly ProcessorQueue[];
  /** Keeps payloads that are too large for a message. */
  readonly payloadBucket: string;
  readonly payloadPrefix: string;
  /** The table of request records, with the schedules. */
  readonly requestTable: string;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxJsonDepth: number;
  readonly recordAgeDays: number;
  /** The group for the timers of schedules. */
  readonly scheduleGroup: string;
}

/** The schedule function's environment as variables, for a deployment to set. */
export function writeScheduleEnvironment(environment: ScheduleEnvironment): Record<string, string> {
  return writeVariables(scheduleVariables(), environment);
}

/**
 * Reads back what {@link writeScheduleEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readScheduleEnvironment(variables: Variables): ScheduleEnvironment {
  return readVariables(scheduleVariables(), variables, "The schedule function's environment");
}

function scheduleVariables(): VariablesOf<ScheduleEnvironment> {
  return {
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    topics: list('COATCHECK_TOPICS'),
    otherProcessors: otherProcessorsVariable(),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    payloadPrefix: text(TEXT_VARIABLES.payloadPrefix),
    requestTable: text(TEXT_VARIABLES.requestTable),
    inlineLimitBytes: setting('inlineLimitBytes'),
    maxPayloadBytes: setting('maxPayloadBytes'),
    maxJsonDepth: setting('maxJsonDepth'),
    recordAgeDays: setting('recordAgeDays'),
    scheduleGroup: text(TEXT_VARIABLES.scheduleGroup),
  };
}
