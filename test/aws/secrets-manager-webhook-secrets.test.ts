import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, test } from 'vitest';
import { SecretsManagerWebhookSecrets } from '../../lib/aws/secrets-manager-webhook-secrets.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { clientConfig, jsonAnswer, ScriptedEndpoint } from '../support/scripted-endpoint.ts';
import { TestClock } from '../support/test-clock.ts';

const [OLD, NEW] = [1, 2].map((fill) => `whsec_${Buffer.alloc(24, fill).toString('base64')}`);
const holding = (value: unknown) => jsonAnswer(200, { SecretString: JSON.stringify(value) });

async function opened() {
  const endpoint = await new ScriptedEndpoint(holding({ current: OLD })).start();
  const clock = new TestClock();
  const client = new SecretsManagerClient({ ...clientConfig(endpoint.url), maxAttempts: 1 });
  const ports = { client, logger: new CollectingLogger(), now: clock.now };
  return { endpoint, clock, secrets: new SecretsManagerWebhookSecrets('webhooks', ports) };
}

test('are read once in five minutes, however many ask', async () => {
  const { endpoint, clock, secrets } = await opened();
  await using _ = endpoint;
  expect(await Promise.all([secrets.read(), secrets.read()])).toEqual([[OLD], [OLD]]);
  expect(JSON.parse(String(endpoint.calls[0]?.body))).toEqual({ SecretId: 'webhooks' });

  endpoint.script = holding({ current: NEW, previous: OLD });
  clock.advanceSeconds(299);
  expect(await secrets.read()).toEqual([OLD]);
  expect(endpoint.calls).toHaveLength(1);
  clock.advanceSeconds(1);
  expect(await secrets.read()).toEqual([NEW, OLD]);
  expect(endpoint.calls).toHaveLength(2);
});

test('a failure is not kept', async () => {
  const { endpoint, secrets } = await opened();
  await using _ = endpoint;
  for (const script of [
    jsonAnswer(400, { __type: 'AccessDeniedException' }),
    holding({}),
    jsonAnswer(200, {}),
  ]) {
    endpoint.script = script;
    await expect(secrets.read()).rejects.toThrow();
  }
  endpoint.script = holding({ current: OLD });
  expect(await secrets.read()).toEqual([OLD]);
});
