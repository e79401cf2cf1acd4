import { styleText } from 'node:util';
import { ApiError, CoatcheckError } from '../client/index.ts';
import { formatDuration } from '../terminal/figures.ts';
import { note, printable } from '../terminal/output.ts';

/**
 * Reports an error on standard error: a line with the message, and indented lines with details.
 * @param about the ticket or file that it concerns
 */
export function reportError(error: unknown, about?: string): void {
  const [first = '', ...more] = messageOf(error).split('\n');
  const where = about === undefined ? '' : `${about}: `;
  note(styleText('red', printable(`error: ${where}${first}`), { stream: process.stderr }));
  for (const line of [...more, ...detailsOf(error)]) note(`  ${printable(line.trim())}`);
}

/** Whether an error is reported by its message. Any other error is a bug, and shows its stack. */
export function isExpected(error: unknown): boolean {
  return error instanceof CoatcheckError || isAwsError(error);
}

/** An error of the SDK: an error response of AWS, or missing credentials. */
function isAwsError(error: unknown): error is Error {
  return error instanceof Error && ('$metadata' in error || error.name === 'CredentialsProviderError');
}

function messageOf(error: unknown): string {
  if (isAwsError(error)) return `${error.name}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** Remedies for AWS errors about credentials and permissions. */
const REMEDIES: readonly (readonly [name: RegExp, remedy: string])[] = [
  [/^CredentialsProviderError$/, 'set AWS credentials, for example by AWS_PROFILE or aws configure sso'],
  [
    /^Expired|^TokenRefreshRequired/,
    'the AWS credentials have expired: renew them, for example with aws sso login',
  ],
  [
    /^InvalidClientTokenId$|^UnrecognizedClient|^InvalidAccessKeyId$|^SignatureDoesNotMatch$/,
    "AWS doesn't know these credentials: check AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SESSION_TOKEN",
  ],
  [/^AccessDenied/, 'grant the caller this permission; aws sts get-caller-identity shows the caller'],
];

/** Detail lines of an error. */
function detailsOf(error: unknown): string[] {
  if (isAwsError(error))
    return REMEDIES.filter(([name]) => name.test(error.name)).map(([, remedy]) => remedy);
  if (!(error instanceof ApiError) || error.retryAfterSeconds === undefined) return [];
  return [`try again after ${formatDuration(error.retryAfterSeconds)}`];
}
