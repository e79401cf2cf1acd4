import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { checkSecrets } from '../../../lib/core/model/webhook-secrets.ts';
import { endpointSecret, endpointSecrets } from '../../../lib/core/webhooks/endpoint-secrets.ts';
import { signedHeaders } from '../../../lib/core/webhooks/signature.ts';
import { START } from '../../support/test-clock.ts';
import { endpointOf, SERVICE_SECRET } from '../../support/webhook-endpoints.ts';

const OTHER_SECRET = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;

test('a secret stays the same in later versions', () => {
  // From: printf 'webhook endpoint e-1 1' | openssl dgst -sha256 -mac HMAC -macopt hexkey:31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0 -binary | base64
  expect(endpointSecret(SERVICE_SECRET, 'e-1', 1)).toBe('whsec_07vKDh/hkAAyvT3lCvAFxwVEWyBjC3YemeD9XmEuFd0=');
});

test('a secret is one of Standard Webhooks, with or without the prefix at the service’s', () => {
  const secret = endpointSecret(SERVICE_SECRET, 'e-1', 1);
  expect(checkSecrets(secret)).toEqual([secret]);
  expect(endpointSecret(SERVICE_SECRET.replace('whsec_', ''), 'e-1', 1)).toBe(secret);
});

test('each endpoint, generation and secret of the service has another one', () => {
  const secrets = [SERVICE_SECRET, OTHER_SECRET].flatMap((secret) =>
    ['e-1', 'e-2', 'e-1 1'].flatMap((id) => [1, 2, 11].map((number) => endpointSecret(secret, id, number))),
  );
  expect(new Set(secrets).size).toBe(18);
});

test.each([
  ['no rotation', [SERVICE_SECRET], {}, 1],
  ['a rotation of the endpoint', [SERVICE_SECRET], { generation: 2, previousUntil: START + 1 }, 2],
  ['its end', [SERVICE_SECRET], { generation: 2, previousUntil: START }, 1],
  ['a rotation of the service', [SERVICE_SECRET, OTHER_SECRET], {}, 2],
  ['both', [SERVICE_SECRET, OTHER_SECRET], { generation: 2, previousUntil: START + 1 }, 4],
] as const)('deliveries are signed with every valid secret: %s', (_, serviceSecrets, given, count) => {
  const endpoint = endpointOf(given);
  const secrets = endpointSecrets(serviceSecrets, endpoint, START);
  expect(secrets).toHaveLength(count);
  expect(secrets[0]).toBe(endpointSecret(SERVICE_SECRET, 'e-1', endpoint.generation));
  const headers = signedHeaders('id', '{}', secrets, Date.now());
  for (const secret of secrets) expect(new Webhook(secret).verify('{}', headers)).toEqual({});
});
