import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callerOf } from '../../lib/cli/caller.ts';
import { temporaryFolder } from '../local/temporary-folder.ts';

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

/** What a call of the API is authorized by, and what people are told of it. */
async function shownTo(apiUrl: string, token?: string) {
  const { auth, shown } = await callerOf(apiUrl, token);
  const url = new URL(`${apiUrl}/v1/status`);
  const signature = await auth?.({ method: 'GET', url, headers: {}, followed: false });
  return [signature?.headers?.authorization, shown];
}

test('an API on AWS is called with a signature for its region', async () => {
  expect(await shownTo('https://a1.execute-api.eu-west-1.amazonaws.com')).toEqual([
    expect.stringMatching(/Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/execute-api\/aws4_request/),
    'AWS credentials',
  ]);
});

test("at a domain of the user's it is for the region that is set", async () => {
  const [authorization] = await shownTo('https://api.example.com');
  expect(authorization).toContain('/us-east-2/execute-api/');
});

test('a token comes first', async () => {
  expect(await shownTo('https://api.example.com', 'T')).toEqual(['Bearer T', 'a token']);
  expect(await shownTo('http://127.0.0.1:4566/api', 'T')).toEqual(['Bearer T', 'a token']);
});

test('a local API is shown nothing', async () => {
  expect(await shownTo('http://127.0.0.1:4566/api')).toEqual([undefined, 'no token']);
});

test('without credentials the API is left to decide', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
  expect(await shownTo('https://api.example.com')).toEqual([
    undefined,
    expect.stringMatching(/^neither a token nor AWS credentials \(.+\)$/),
  ]);
});
