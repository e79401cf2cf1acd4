import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { receiptSigner, sha256Of, verifyReceipt } from '../../../lib/core/model/receipt.ts';

/** The key of RFC 8037, appendix A.1. */
const PRIVATE = Buffer.from('nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A', 'base64url');
const PUBLIC = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const THUMBPRINT = 'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k';

const payload = new TextEncoder().encode('abc');
const RECEIPT = { iss: 'orders', sub: '1', iat: 1_764_000_000, sha256: await sha256Of(payload) };

const signer = await receiptSigner(PRIVATE);
const jws = await signer.sign(RECEIPT);
const { keys: listed } = signer;
const keys = { keys: listed };

test('the public key and its thumbprint are those of RFC 8037', () => {
  expect(listed[0]).toEqual({
    kty: 'OKP',
    crv: 'Ed25519',
    x: PUBLIC,
    kid: THUMBPRINT,
    alg: 'EdDSA',
    use: 'sig',
  });
});

test('the digest is that of FIPS 180', () => {
  expect(RECEIPT.sha256).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

test('a receipt is the same whenever it is signed, and another implementation of Ed25519 verifies it', async () => {
  expect(await signer.sign(RECEIPT)).toBe(jws);
  const [header = '', claims = '', signature = ''] = jws.split('.');
  const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: PUBLIC } });
  expect(verify(null, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url'))).toBe(
    true,
  );
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    alg: 'EdDSA',
    typ: 'coatcheck-receipt+jwt',
    kid: THUMBPRINT,
  });
});

test('it is valid with its payload, and not with another one', async () => {
  expect(await verifyReceipt(jws, keys)).toEqual({ valid: true, receipt: RECEIPT });
  expect(await verifyReceipt(`${jws}\n`, keys, payload)).toEqual({ valid: true, receipt: RECEIPT });
  expect(await verifyReceipt(jws, keys, new TextEncoder().encode('abd'))).toEqual({
    valid: false,
    problem: 'it is about another payload',
  });
});

const [header = '', claims = '', signature = ''] = jws.split('.');
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test.each([
  ['nothing', ''],
  ['four parts', `${jws}.`],
  [
    'another algorithm',
    `${encoded({ alg: 'none', typ: 'coatcheck-receipt+jwt', kid: THUMBPRINT })}.${claims}.`,
  ],
  [
    'a JWT of the same key',
    `${encoded({ alg: 'EdDSA', typ: 'JWT', kid: THUMBPRINT })}.${claims}.${signature}`,
  ],
  [
    'an unknown key',
    `${encoded({ alg: 'EdDSA', typ: 'coatcheck-receipt+jwt', kid: 'x' })}.${claims}.${signature}`,
  ],
  ['other claims', `${header}.${encoded({ ...RECEIPT, sub: '2' })}.${signature}`],
])('%s is no receipt', async (_, given) => {
  expect((await verifyReceipt(given, keys)).valid).toBe(false);
});

test('a receipt in which any character was changed is not valid', async () => {
  const characters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'];
  await fc.assert(
    fc.asyncProperty(fc.nat(jws.length - 2), fc.constantFrom(...characters), async (at, character) => {
      fc.pre(jws[at] !== character);
      const changed = jws.slice(0, at) + character + jws.slice(at + 1);
      expect((await verifyReceipt(changed, keys)).valid).toBe(false);
    }),
  );
});
