import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, inject, test } from 'vitest';
import { localConfig } from '../../lib/local/clients.ts';
import { eventually } from '../support/eventually.ts';
import { FIRST_KEY } from './first-key.ts';
import { Service } from './service.ts';

test('a processor gets the value of its secret, and its errors do not contain it', async () => {
  const service = new Service('E2e-secrets');
  const secrets = new SecretsManagerClient(localConfig(inject('endpoint')));
  const send = (id: string, expected: string) =>
    service.send({ body: JSON.stringify({ expected }), attributes: { RequestId: id } });

  await send('first', FIRST_KEY);
  expect(await service.event('first')).toMatchObject({ data: { accepted: true } });

  await send('second', 'the-second-key');
  const lastError = await eventually(async () => {
    const record = await service.record('second');
    expect(record?.lastError).toBeDefined();
    return JSON.stringify(record?.lastError);
  });
  expect(lastError).toContain('The service refused');
  expect(lastError).not.toContain(FIRST_KEY);

  const SecretId = service.output('SecretArn');
  await secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'the-second-key' }));
  expect(await service.event('second')).toMatchObject({ data: { accepted: true } });
});
