import type { ApiEnvironment } from './api-environment.ts';
import { type OtherLaneUrls, otherLaneVariables } from './lane-urls.ts';
import { limitsVariable } from './limits-variable.ts';
import { type SubmittingEnvironment, submittingVariables } from './submitting-environment.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import {
  optionalText,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function of actions on many requests. */
export interface ActionEnvironment
  extends SubmittingEnvironment,
    OtherLaneUrls,
    Pick<ApiEnvironment, 'serviceName' | 'limits' | 'timeoutSeconds' | 'rehearsalFunctionArn'> {
  readonly deadLetterQueueUrl: string;
  /** The group for the timers of actions. */
  readonly scheduleGroup: string;
}

/** The environment of the function of actions as variables, for a deployment to set. */
export function writeActionEnvironment(environment: ActionEnvironment): Record<string, string> {
  return writeVariables(actionVariables(), environment);
}

/**
 * Reads back what {@link writeActionEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readActionEnvironment(variables: Variables): ActionEnvironment {
  return readVariables(actionVariables(), variables, "The action function's environment");
}

function actionVariables(): VariablesOf<ActionEnvironment> {
  return {
    ...submittingVariables(),
    serviceName: text(TEXT_VARIABLES.serviceName),
    ...otherLaneVariables(),
    limits: limitsVariable(),
    deadLetterQueueUrl: text(TEXT_VARIABLES.deadLetterQueueUrl),
    scheduleGroup: text(TEXT_VARIABLES.scheduleGroup),
    timeoutSeconds: setting('timeoutSeconds'),
    rehearsalFunctionArn: optionalText(TEXT_VARIABLES.rehearsalFunctionArn),
  };
}
