import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defaultProvider } from '../../lib/lambda/function-credentials.ts';
import { jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';

beforeEach(() => {
  for (const name of Object.keys(process.env).filter((name) => name.startsWith('AWS_'))) {
    vi.stubEnv(name, undefined);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
});

test('they are those Lambda puts into the environment, even where a profile is named', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  vi.stubEnv('AWS_PROFILE', 'mine');
  const identity = { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' };
  expect(await defaultProvider()()).toMatchObject(identity);
});

describe('of the endpoint that Lambda names after SnapStart', () => {
  test('they are asked for once, and again when they are about to expire', async () => {
    await using endpoint = await new ScriptedEndpoint(jsonAnswer(500, {})).start();
    const answer = (id: string, minutes: number) =>
      jsonAnswer(200, {
        AccessKeyId: id,
        SecretAccessKey: 'secret',
        Token: 'token',
        Expiration: new Date(Date.now() + minutes * 60_000).toISOString(),
      });
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${endpoint.url}/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'mine');
    const provide = defaultProvider();
    endpoint.script = answer('first', 60);
    expect(await provide()).toMatchObject({ accessKeyId: 'first', sessionToken: 'token' });
    expect(await provide()).toMatchObject({ accessKeyId: 'first' });
    expect(endpoint.calls).toHaveLength(1);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 56 * 60_000 });
    endpoint.script = answer('second', 60);
    expect(await provide()).toMatchObject({ accessKeyId: 'second' });
    expect(endpoint.calls).toHaveLength(2);
    expect(endpoint.calls[0]?.headers.authorization).toBe('mine');
  });
});

test('without any the error says where they come from, and what to do', async () => {
  const client = new SQSClient({ region: 'us-east-1', credentialDefaultProvider: defaultProvider });
  await expect(client.config.credentials()).rejects.toMatchObject({
    name: 'CredentialsProviderError',
    message: expect.stringMatching(
      /^No AWS credentials: .*AWS_ACCESS_KEY_ID .*none of these is set.*aws configure export-credentials /s,
    ),
  });
});
