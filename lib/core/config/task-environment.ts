import { type ProcessorEnvironment, processorVariables } from './processor-environment.ts';
import { readVariables, type Variables, type VariablesOf, writeVariables } from './variables.ts';
import { processNumber, WORKER_NUMBERS } from './worker-environment.ts';

/** What a deployment sets for a worker: what a processor needs to know anywhere, and how long it may take to stop. */
export interface TaskEnvironment extends ProcessorEnvironment {
  /** How long running requests may take to finish after SIGTERM, in seconds. */
  readonly graceSeconds: number;
}

/** A worker's environment as variables, for a deployment to set. */
export function writeTaskEnvironment(environment: TaskEnvironment): Record<string, string> {
  return writeVariables(taskVariables(), environment);
}

/**
 * Reads back what {@link writeTaskEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readTaskEnvironment(variables: Variables): TaskEnvironment {
  return readVariables(taskVariables(), variables, "The task's environment");
}

function taskVariables(): VariablesOf<TaskEnvironment> {
  return { ...processorVariables(), graceSeconds: processNumber(WORKER_NUMBERS.graceSeconds) };
}
