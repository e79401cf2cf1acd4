import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
} from 'jose';
import { expect, test } from 'vitest';
import { CoatcheckClient, verifyReceipt } from '../../lib/client/index.ts';
import { receiptSigner } from '../../lib/core/model/receipt.ts';
import { coatcheck } from '../support/coatcheck.ts';
import { openServedService } from '../support/served-service.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const KEY = new Uint8Array(32).fill(7);

test('a request that is accepted has a receipt, which the client and the command verify', async () => {
  const { url } = await openServedService(undefined, { receipts: await receiptSigner(KEY) });
  const client = new CoatcheckClient({ baseUrl: url });
  const { id, receipt = '' } = await client.submit('some text', { idempotencyKey: 'k' });
  const keys = await client.receiptKeys();
  const payload = new TextEncoder().encode('some text');
  expect(await verifyReceipt(receipt, keys, payload)).toMatchObject({
    valid: true,
    receipt: { iss: 'coatcheck', sub: id },
  });
  expect((await client.submit('some text', { idempotencyKey: 'k' })).receipt).toBe(receipt);
  expect(await client.status(id)).not.toHaveProperty('receipt');

  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'payload'), payload);
  await writeFile(join(cwd, 'keys.json'), JSON.stringify(keys));
  const verify = (...line: readonly string[]) => coatcheck(['receipt', 'verify', ...line], { cwd });
  const online = await verify(receipt, '--api', url, '--payload', 'payload');
  expect([online.exitCode, online.stdout.split('\t')[0]]).toEqual([0, id]);
  expect((await verify(receipt, '--keys', 'keys.json', '--payload', 'payload')).exitCode).toBe(0);
  const forged = await verify(receipt, '--keys', 'keys.json', '--payload', 'keys.json');
  expect([forged.exitCode, forged.stderr]).toEqual([
    1,
    expect.stringMatching(/^not valid: it is about other bytes: their SHA-256 is \w{64}, not \w{64}\n$/),
  ]);
});

test('another implementation of JOSE verifies a receipt by the key set, and no other JWT is a receipt', async () => {
  const { url } = await openServedService(undefined, {
    receipts: await receiptSigner(KEY, new Uint8Array(32).fill(8)),
  });
  const { id, receipt = '' } = await new CoatcheckClient({ baseUrl: url }).submit('some text');
  const jwks = (await (await fetch(`${url}/v1/receipts/keys`)).json()) as JSONWebKeySet;
  const rules = { typ: 'coatcheck-receipt+jwt', issuer: 'coatcheck', algorithms: ['EdDSA'] };
  const { payload, protectedHeader } = await jwtVerify(receipt, createLocalJWKSet(jwks), rules);
  const sha256 = createHash('sha256').update('some text').digest('hex');
  expect(payload).toEqual({ iss: 'coatcheck', sub: id, iat: expect.any(Number), sha256 });
  expect(await calculateJwkThumbprint(jwks.keys[0] ?? {})).toBe(protectedHeader.kid);

  const [begin = '', end = ''] = [receipt.slice(0, -10), receipt.slice(-9)];
  const changed = `${begin}${receipt.at(-10) === 'A' ? 'B' : 'A'}${end}`;
  await expect(jwtVerify(changed, createLocalJWKSet(jwks), rules)).rejects.toMatchObject({
    code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  });
  const other = createLocalJWKSet({ keys: jwks.keys.slice(1) });
  await expect(jwtVerify(receipt, other, rules)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
});

test('we verify what another implementation of JOSE signed', async () => {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const { x = '', ...jwk } = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint({ x, ...jwk });
  const claims = { iss: 'orders', sub: '1', iat: 1_764_000_000, sha256: 'ab' };
  const sign = (typ: string) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ, kid }).sign(privateKey);
  const keys = { keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' } as const] };
  expect(await verifyReceipt(await sign('coatcheck-receipt+jwt'), keys)).toEqual({
    valid: true,
    receipt: claims,
  });
  expect((await verifyReceipt(await sign('JWT'), keys)).valid).toBe(false);
});

test('a call that is refused has no receipt, and without a key there are none', async () => {
  const signed = await openServedService(undefined, { receipts: await receiptSigner(KEY) });
  const refused = await fetch(`${signed.url}/v1/requests`, { method: 'POST' });
  expect([refused.status, refused.headers.get('coatcheck-receipt')]).toEqual([400, null]);
  const { url } = await openServedService(undefined);
  const accepted = await fetch(`${url}/v1/requests`, { method: 'POST', body: 'x' });
  expect([accepted.status, accepted.headers.get('coatcheck-receipt')]).toEqual([202, null]);
  expect(await (await fetch(`${url}/v1/receipts/keys`)).json()).toMatchObject({ code: 'receipts_off' });
});
