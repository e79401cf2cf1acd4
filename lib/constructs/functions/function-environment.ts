import { Token, Tokenization } from 'aws-cdk-lib';

/** What a function is told by its service, and what names it in its logs. */
export function functionEnvironment(
  serviceName: string,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const named = Object.entries({ ...variables, POWERTOOLS_SERVICE_NAME: serviceName });
  return Object.fromEntries(named.map(([name, value]) => [name, tokenText(value)]));
}

/** A number that is only known at deployment is a marker, which must be turned back before it is printed for good. */
function tokenText(value: string): string {
  return Token.isUnresolved(Number(value)) ? Tokenization.stringifyNumber(Number(value)) : value;
}
