import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, inject, test, vi } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { FIRST_KEY } from './first-key.ts';
import { Service } from './service.ts';

/** A message is delivered again after a second. */
const PATIENT = { timeout: 60_000, interval: 100 };

test('a processor gets the value of its secret, and its errors do not contain it', async () => {
  const service = new Service('E2e-secrets');
  const secrets = new SecretsManagerClient(localConfig(inject('endpoint')));
  const send = (id: string, expected: string) =>
    service.send({ body: JSON.stringify({ expected }), attributes: { RequestId: id } });

  await send('first', FIRST_KEY);
  expect(await service.event('first')).toMatchObject({ data: { accepted: true } });

  await send('second', 'the-second-key');
  const lastError = await vi.waitFor(async () => {
    const record = await service.record('second');
    expect(record?.lastError).toBeDefined();
    return JSON.stringify(record?.lastError);
  }, PATIENT);
  expect(lastError).toContain('The service refused');
  expect(lastError).not.toContain(FIRST_KEY);

  const SecretId = service.output('SecretArn');
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'the-second-key' }));
  expect(await service.event('second')).toMatchObject({ data: { accepted: true } });
});
