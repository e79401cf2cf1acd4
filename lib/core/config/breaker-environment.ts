import { METRICS_VARIABLE, TEXT_VARIABLES } from './variable-names.ts';
import {
  flag,
  list,
  optionalText,
  readVariables,
  text,
  type Variables,
  type VariablesOf,
  withDefault,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function that pauses processing. */
export interface BreakerEnvironment {
  /** Names the service in logs and metrics. */
  readonly serviceName: string;
  /** The function's own queue. */
  readonly pauseQueueUrl: string;
  /** The UUIDs of the processor's event source mappings. */
  readonly inputEventSources: readonly string[];
  /** The UUIDs of the event source mappings of the services behind this one, which a pause of an operator stops too. */
  readonly otherEventSources: readonly string[];
  /** The table with the pause of an operator; empty without an HTTP API. */
  readonly requestTable: string;
  /** Whether to emit metrics. */
  readonly metrics: boolean;
}

/** The breaker function's environment as variables, for a deployment to set. */
export function writeBreakerEnvironment(environment: BreakerEnvironment): Record<string, string> {
  return writeVariables(breakerVariables(), environment);
}

/**
 * Reads back what {@link writeBreakerEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readBreakerEnvironment(variables: Variables): BreakerEnvironment {
  return readVariables(breakerVariables(), variables, "The breaker function's environment");
}

/** The variable that names the event sources of the services behind a front door, for a deployment to set. */
export function writeOtherEventSources(otherEventSources: readonly string[]): Record<string, string> {
  return writeVariables(otherEventSourcesVariables(), { otherEventSources });
}

function otherEventSourcesVariables() {
  return { otherEventSources: withDefault(list('COATCHECK_OTHER_EVENT_SOURCES'), []) };
}

function breakerVariables(): VariablesOf<BreakerEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    pauseQueueUrl: text(TEXT_VARIABLES.pauseQueueUrl),
    inputEventSources: list(TEXT_VARIABLES.inputEventSources),
    ...otherEventSourcesVariables(),
    requestTable: optionalText(TEXT_VARIABLES.requestTable),
    metrics: flag(METRICS_VARIABLE),
  };
}
