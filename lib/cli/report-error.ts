import { styleText } from 'node:util';
import { ApiError, CoatcheckError } from '../client/index.ts';
import { formatDuration } from '../terminal/figures.ts';
import { note, printable } from '../terminal/output.ts';

/**
 * Tells of an error on standard error: in a line, and another one with what is known besides.
 * @param about what went wrong with, a ticket or a file
 */
export function reportError(error: unknown, about?: string): void {
  const [first = '', ...more] = messageOf(error).split('\n');
  const where = about === undefined ? '' : `${about}: `;
  note(styleText('red', printable(`error: ${where}${first}`), { stream: process.stderr }));
  for (const line of [...more, ...detailsOf(error)]) note(`  ${printable(line.trim())}`);
}

/** Whether an error is one to be told to people; any other is a mistake of ours, and shows where it came from. */
export function isForeseen(error: unknown): boolean {
  return error instanceof CoatcheckError || isAwsError(error);
}

/** What the SDK throws: what AWS answered, or why it couldn't be asked. */
function isAwsError(error: unknown): error is Error {
  return error instanceof Error && ('$metadata' in error || error.name === 'CredentialsProviderError');
}

function messageOf(error: unknown): string {
  if (isAwsError(error)) return `${error.name}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** What the errors of AWS that are about credentials need; others name the right that is missing. */
const REMEDIES: readonly (readonly [name: RegExp, remedy: string])[] = [
  [/^CredentialsProviderError$/, 'set AWS credentials, for example by AWS_PROFILE or aws configure sso'],
  [
    /^Expired|^TokenRefreshRequired/,
    'the AWS credentials have expired: renew them, for example by aws sso login',
  ],
  [
    /^InvalidClientTokenId$|^UnrecognizedClient|^InvalidAccessKeyId$|^SignatureDoesNotMatch$/,
    "AWS doesn't know these credentials: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN",
  ],
  [/^AccessDenied/, 'grant the caller that right; aws sts get-caller-identity says who the caller is'],
];

/** An error of the API has its code in its message. */
function detailsOf(error: unknown): string[] {
  if (isAwsError(error))
    return REMEDIES.filter(([name]) => name.test(error.name)).map(([, remedy]) => remedy);
  if (!(error instanceof ApiError) || error.retryAfterSeconds === undefined) return [];
  return [`try again after ${formatDuration(error.retryAfterSeconds)}`];
}
