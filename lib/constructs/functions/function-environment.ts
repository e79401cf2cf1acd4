import { Token, Tokenization } from 'aws-cdk-lib';

/** Adds the service name for logs to the environment variables of a function. */
export function functionEnvironment(
  serviceName: string,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const named = Object.entries({ ...variables, POWERTOOLS_SERVICE_NAME: serviceName });
  return Object.fromEntries(named.map(([name, value]) => [name, tokenText(value)]));
}

/** Resolves a number token, which would otherwise appear in the template as its placeholder number. */
function tokenText(value: string): string {
  return Token.isUnresolved(Number(value)) ? Tokenization.stringifyNumber(Number(value)) : value;
}
