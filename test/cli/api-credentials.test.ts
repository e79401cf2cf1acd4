import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findCredentials } from '../../lib/cli/api-credentials.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

beforeEach(async () => {
  const folder = await temporaryFolder();
  vi.stubEnv('AWS_PROFILE', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'none'));
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_REGION', 'us-east-2');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The Authorization header of a call, and the description of its credentials. */
async function authorizationFor(apiUrl: string, token?: string) {
  const { auth, description } = await findCredentials(apiUrl, token);
  const url = new URL(`${apiUrl}/v1/status`);
  const signature = await auth?.({ method: 'GET', url, headers: {}, followed: false });
  return [signature?.headers?.authorization, description];
}

test('signs for the region of the URL', async () => {
  expect(await authorizationFor('https://a1.execute-api.eu-west-1.amazonaws.com')).toEqual([
    expect.stringMatching(/Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/execute-api\/aws4_request/),
    'AWS credentials',
  ]);
});

test('signs for the configured region at a custom domain', async () => {
  const [authorization] = await authorizationFor('https://api.example.com');
  expect(authorization).toContain('/us-east-2/execute-api/');
});

test('a token takes precedence', async () => {
  expect(await authorizationFor('https://api.example.com', 'T')).toEqual(['Bearer T', 'a token']);
  expect(await authorizationFor('http://127.0.0.1:4566/api', 'T')).toEqual(['Bearer T', 'a token']);
});

test('E13: a local API gets a signature that is worth nothing', async () => {
  expect(await authorizationFor('http://127.0.0.1:4566/api')).toEqual([
    expect.stringMatching(/Credential=test\/\d{8}\/us-east-1\/execute-api\/aws4_request/),
    'no token',
  ]);
});

test.each([
  ['https://api.example.com', 'T', 401, 'has not expired'],
  ['http://127.0.0.1:4570', 'T', 401, 'COATCHECK_API_KEYS'],
  ['https://api.example.com', 'T', 403, 'scopes'],
  ['https://api.example.com', undefined, 401, 'COATCHECK_TOKEN'],
  ['https://api.example.com', undefined, 403, 'execute-api:Invoke'],
  ['http://127.0.0.1:4566', undefined, 401, 'COATCHECK_TOKEN'],
  ['http://127.0.0.1:4570', undefined, 401, 'COATCHECK_API_KEYS'],
])('D6: has a remedy for %s with the token %s and status %d', async (url, token, status, remedy) => {
  expect((await findCredentials(url, token)).remedy(status)).toContain(remedy);
});

test('D6: has a remedy for missing credentials', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  const { remedy } = await findCredentials('https://api.example.com', undefined);
  expect(remedy(403)).toContain('AWS_PROFILE');
  expect(remedy(401)).toContain('COATCHECK_TOKEN');
});

test('calls without credentials, as the API may be open', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  expect(await authorizationFor('https://api.example.com')).toEqual([
    undefined,
    expect.stringMatching(/^neither a token nor AWS credentials \(.+\)$/),
  ]);
});

test.each(['with space', 'line\n', '日本', 'nul\u0000'])(
  'D7: the token %j is refused and not quoted',
  async (token) => {
    await expect(findCredentials('https://api.example.com', token)).rejects.toMatchObject({
      code: 'configuration_invalid',
      message: expect.not.stringContaining(token),
    });
  },
);
