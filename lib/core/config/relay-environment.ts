import { type RoutingEnvironment, routingVariables } from './submitting-environment.ts';
import { readVariables, type Variables, writeVariables } from './variables.ts';

/** What a deployment passes to the function that relays messages of other queue systems. */
export type RelayEnvironment = RoutingEnvironment;

/** The relay function's environment as variables, for a deployment to set. */
export function writeRelayEnvironment(environment: RelayEnvironment): Record<string, string> {
  return writeVariables(routingVariables(), environment);
}

/**
 * Reads back what {@link writeRelayEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readRelayEnvironment(variables: Variables): RelayEnvironment {
  return readVariables(routingVariables(), variables, "The relay function's environment");
}
