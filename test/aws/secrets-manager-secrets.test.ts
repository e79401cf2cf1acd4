import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { SecretsManagerSecrets } from '../../lib/aws/secrets-manager-secrets.ts';
import { SecretUnavailable } from '../../lib/core/base/errors.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { clientConfig, jsonAnswer, type Script, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { TestClock } from '../support/test-clock.ts';

const VALUES: Readonly<Record<string, unknown>> = { 'arn:model': 'key', 'arn:db': '{"password":"p"}' };
const answering =
  (values: Readonly<Record<string, unknown>>): Script =>
  (call, response) =>
    jsonAnswer(200, { SecretString: values[JSON.parse(String(call.body)).SecretId] })(call, response);
const DENIED = jsonAnswer(400, { __type: 'AccessDeniedException', message: 'not allowed' });

async function opened(ids: Readonly<Record<string, string>> = { MODEL_KEY: 'arn:model', DB: 'arn:db' }) {
  const endpoint = await new ScriptedEndpoint(answering(VALUES)).start();
  const clock = new TestClock();
  const logger = new CollectingLogger();
  const client = new SecretsManagerClient({ ...clientConfig(endpoint.url), maxAttempts: 1 });
  const secrets = new SecretsManagerSecrets(['MODEL_KEY', 'DB'], ids, { client, logger, now: clock.now });
  return { endpoint, clock, logger, secrets };
}

test('are the texts of the secrets by name', async () => {
  const { endpoint, secrets } = await opened();
  await using _ = endpoint;
  expect(await secrets.read()).toEqual({ MODEL_KEY: 'key', DB: '{"password":"p"}' });
});

test('a value that was replaced is used after five minutes, or after a failed attempt', async () => {
  const { endpoint, clock, secrets } = await opened();
  await using _ = endpoint;
  await secrets.read();
  endpoint.script = answering({ ...VALUES, 'arn:model': 'new key' });
  clock.advanceSeconds(10);
  expect(await secrets.read()).toMatchObject({ MODEL_KEY: 'key' });
  secrets.doubt();
  expect(await secrets.read()).toMatchObject({ MODEL_KEY: 'new key' });
});

test('the last values are used while Secrets Manager fails, with a warning that has no value', async () => {
  const { endpoint, clock, logger, secrets } = await opened();
  await using _ = endpoint;
  await secrets.read();
  endpoint.script = DENIED;
  clock.advanceSeconds(300);
  expect(await secrets.read()).toMatchObject({ MODEL_KEY: 'key' });
  expect(logger.lines).toMatchObject([
    { level: 'warn', fields: { secret: 'MODEL_KEY', error: { name: 'AccessDeniedException' } } },
    { level: 'warn', fields: { secret: 'DB' } },
  ]);
});

test.each<[string, Script, string]>([
  ['can’t be read', DENIED, 'not allowed'],
  ['is binary', jsonAnswer(200, { SecretBinary: 'AAAA' }), 'must be a text'],
])('a secret that %s is unavailable', async (_, script, reason) => {
  const { endpoint, secrets } = await opened();
  await using _endpoint = endpoint;
  endpoint.script = script;
  await expect(secrets.read()).rejects.toThrow(SecretUnavailable);
  await expect(secrets.read()).rejects.toThrow(/^The secret (?:MODEL_KEY|DB) is unavailable: /);
  await expect(secrets.read()).rejects.toThrow(reason);
});

test('a secret that the service doesn’t have is unavailable', async () => {
  const { endpoint, secrets } = await opened({ DB: 'arn:db' });
  await using _ = endpoint;
  await expect(secrets.read()).rejects.toThrow(
    'The secret MODEL_KEY is unavailable: The prop secrets of the service must name MODEL_KEY, got nothing',
  );
});
