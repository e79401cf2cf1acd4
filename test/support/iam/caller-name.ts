import { createHash } from 'node:crypto';

/** Finds the name of a role in a user agent, beside what others append. */
export const CALLER_NAME = /(?:^| )app\/([0-9a-f]{16})(?![0-9a-f])/;

/**
 * The name that a role's calls have in the user agent, for `AWS_SDK_UA_APP_ID`. It is short, because Powertools appends
 * its own name, and the SDK logs a warning beyond 50 characters.
 * @param path the path of the role's construct, with its stack
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-appid.html
 */
export function callerName(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}
