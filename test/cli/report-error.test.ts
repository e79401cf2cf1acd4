import { expect, test, vi } from 'vitest';
import { reportError } from '../../lib/cli/report-error.ts';

/** An error as the SDK throws it. */
function awsError(name: string): Error {
  return Object.assign(new Error('it says'), { name, $metadata: {} });
}

test.each([
  ['CredentialsProviderError', 'AWS_PROFILE'],
  ['ExpiredTokenException', 'aws sso login'],
  ['ExpiredToken', 'aws sso login'],
  ['InvalidClientTokenId', 'AWS_ACCESS_KEY_ID'],
  ['UnrecognizedClientException', 'AWS_ACCESS_KEY_ID'],
  ['AccessDeniedException', 'aws sts get-caller-identity'],
])('D6: %s has a remedy', (name, remedy) => {
  const lines = vi.spyOn(console, 'error').mockImplementation(() => {});
  reportError(awsError(name));
  expect(lines.mock.calls.flat()).toEqual([`error: ${name}: it says`, expect.stringContaining(remedy)]);
  lines.mockRestore();
});
