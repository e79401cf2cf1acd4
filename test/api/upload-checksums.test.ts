import { expect, test } from 'vitest';
import { S3_MAX_PUT_BYTES } from '../../lib/core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../lib/core/config/settings.ts';
import { ApiHarness } from '../support/api-harness.ts';

const SHA_256 = `${'A'.repeat(43)}=`;

test.each([{ size: 100, multipart: true }, { size: S3_MAX_PUT_BYTES + 1 }])(
  'a checksum that the store would not check is refused: $size bytes',
  async (order) => {
    const api = new ApiHarness(undefined, { maxPayloadBytes: NUMBER_SETTINGS.maxPayloadBytes.max });
    const refused = await api.call('POST', '/v1/uploads', { json: { ...order, sha256: SHA_256 } });
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('sha256') });
    expect(api.harness.records.all()).toEqual([]);
    expect((await api.call('POST', '/v1/uploads', { json: order })).status).toBe(201);
  },
);

test('a form enforces its checksum', async () => {
  const api = new ApiHarness();
  const json = { size: 100, sha256: SHA_256 };
  expect((await api.call('POST', '/v1/uploads', { json })).status).toBe(201);
  expect(api.transfers.forms[0]?.terms).toMatchObject({ sha256: SHA_256 });
});

/** printf hello | openssl dgst -sha256 -binary | openssl base64 */
const OF_HELLO = 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=';

test.each([
  ['in hexadecimal', '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'],
  ['for URLs', OF_HELLO.replace('+', '-')],
  ['with bits behind its end', OF_HELLO.replace('Q=', 'R=')],
])('a checksum %s is refused, with how to make one', async (_, sha256) => {
  const refused = await new ApiHarness().call('POST', '/v1/uploads', { json: { size: 5, sha256 } });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({
    code: 'request_malformed',
    detail: `sha256 must be a SHA-256 in base64, 44 characters, got "${sha256}". To make one: openssl dgst -sha256 -binary FILE | openssl base64`,
  });
});

test('a checksum of a million characters is refused in few words', async () => {
  const json = { size: 5, sha256: 'A'.repeat(1_000_000) };
  const refused = await new ApiHarness().call('POST', '/v1/uploads', { json });
  expect(refused.status).toBe(400);
  const text = await refused.text();
  expect(text).toContain('sha256: ');
  expect(text.length).toBeLessThan(1_000);
});
