import type { OperatorClaim } from './operator-claim.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import {
  flag,
  list,
  pairs,
  readVariables,
  text,
  type Variables,
  type VariablesOf,
  withDefault,
  writeVariables,
} from './variables.ts';

/** The path of the console below the URL of the API. */
export const CONSOLE_PATH = '/console';

/** What a deployment passes to the function of the console. */
export interface ConsoleEnvironment {
  /** Names the service in logs. */
  readonly serviceName: string;
  /** The URL by which browsers reach the API, and the console calls it, without /v1. */
  readonly apiUrl: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Scopes of the sign-in, besides `openid`. */
  readonly scopes: readonly string[];
  /** More parameters of the sign-in. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly operatorClaim: OperatorClaim['claim'];
  readonly operatorValue: OperatorClaim['value'];
  readonly allowActions: boolean;
}

/** The console's environment as variables, for a deployment to set. */
export function writeConsoleEnvironment(environment: ConsoleEnvironment): Record<string, string> {
  return writeVariables(consoleVariables(), environment);
}

/**
 * Reads back what {@link writeConsoleEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readConsoleEnvironment(variables: Variables): ConsoleEnvironment {
  return readVariables(consoleVariables(), variables, "The console's environment");
}

function consoleVariables(): VariablesOf<ConsoleEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    apiUrl: text('COATCHECK_URL'),
    issuer: text('COATCHECK_ISSUER'),
    clientId: text('COATCHECK_CLIENT_ID'),
    scopes: withDefault(list('COATCHECK_SCOPES'), []),
    parameters: pairs('COATCHECK_SIGN_IN_PARAMETERS'),
    operatorClaim: text('COATCHECK_OPERATOR_CLAIM'),
    operatorValue: text('COATCHECK_OPERATOR_VALUE'),
    allowActions: flag('COATCHECK_ALLOW_ACTIONS'),
  };
}
