import { type SubmittingEnvironment, submittingVariables } from './submitting-environment.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import { readVariables, text, type Variables, type VariablesOf, writeVariables } from './variables.ts';

/** What a deployment passes to the function that submits the requests of schedules. */
export interface ScheduleEnvironment extends SubmittingEnvironment {
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
    ...submittingVariables(),
    scheduleGroup: text(TEXT_VARIABLES.scheduleGroup),
  };
}
