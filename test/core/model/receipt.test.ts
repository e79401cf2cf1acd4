import { createPublicKey, verify } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Receipt, receiptSigner, sha256Of, verifyReceipt } from '../../../lib/core/model/receipt.ts';

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
  expect(await verifyReceipt(jws, keys, { sha256: RECEIPT.sha256 })).toMatchObject({ valid: true });
  const upperCase = { sha256: RECEIPT.sha256.toUpperCase() };
  expect(await verifyReceipt(jws, keys, upperCase)).toMatchObject({ valid: true });
  expect(await verifyReceipt(jws, keys, new TextEncoder().encode('abd'))).toEqual({
    valid: false,
    // printf abd | sha256sum
    problem: `it is about other bytes: their SHA-256 is ${RECEIPT.sha256}, not a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9`,
  });
});

test('bytes of another realm, such as a frame, are compared, too', async () => {
  const ofAnother: Uint8Array<ArrayBuffer> = runInNewContext('new Uint8Array([97, 98, 100])');
  expect(ofAnother).not.toBeInstanceOf(Uint8Array);
  expect((await verifyReceipt(jws, keys, ofAnother)).valid).toBe(false);
  expect(
    (
      await verifyReceipt(
        jws,
        keys,
        ofAnother.map((byte) => Math.min(byte, 99)),
      )
    ).valid,
  ).toBe(true);
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

const { iss, sub, iat, sha256 } = RECEIPT;
const UPLOAD = { iss, sub, iat, awaitedUpload: { sha256 } };
const ITEMS = { iss, sub, iat, batchItems: { sha256, lines: 1 } };

test.each<[string, Receipt]>([
  ['an upload', UPLOAD],
  ['items of a batch', ITEMS],
])('a receipt of %s is valid with its bytes, and none of a request', async (_, receipt) => {
  const signed = await signer.sign(receipt);
  expect(await verifyReceipt(signed, keys, payload)).toEqual({ valid: true, receipt });
  expect((await verifyReceipt(signed, keys, new Uint8Array())).valid).toBe(false);
  expect(receipt).not.toHaveProperty('sha256');
});

test.each<[string, Receipt]>([
  ['two kinds', { ...RECEIPT, ...UPLOAD }],
  ['three kinds', { ...RECEIPT, ...UPLOAD, ...ITEMS }],
])('signed claims of %s are no receipt', async (_, receipt) => {
  expect(await verifyReceipt(await signer.sign(receipt), keys)).toEqual({
    valid: false,
    problem: 'it has not the members of a receipt',
  });
});

/** The receipt of lines, as items of a batch. */
async function itemsOf(lines: readonly string[], batch = 'b-1') {
  const body = bodyOf(lines);
  const claimed = { iss, sub: batch, iat, batchItems: { sha256: await sha256Of(body), lines: lines.length } };
  return signer.sign(claimed);
}

function bodyOf(lines: readonly string[]) {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
}

const someLines = fc.array(
  fc.string({ unit: 'grapheme' }).filter((line) => !line.includes('\n')),
  { minLength: 1, maxLength: 5 },
);

test('a receipt of items is about these bytes in this order', async () => {
  await fc.assert(
    fc.asyncProperty(someLines, fc.nat(), fc.integer({ min: 1, max: 255 }), async (lines, at, bits) => {
      const signed = await itemsOf(lines);
      const body = bodyOf(lines);
      expect((await verifyReceipt(signed, keys, body)).valid).toBe(true);
      const changed = body.map((byte, index) => (index === at % body.length ? byte ^ bits : byte));
      expect((await verifyReceipt(signed, keys, changed)).valid).toBe(false);
      const turned = bodyOf(lines.toReversed());
      const isSame = Buffer.compare(turned, body) === 0;
      expect((await verifyReceipt(signed, keys, turned)).valid).toBe(isSame);
    }),
  );
});

test('a receipt of items whose batch, digest or number of lines was changed is not valid', async () => {
  const change = fc.constantFrom<(claims: typeof ITEMS) => object>(
    (claims) => ({ ...claims, sub: 'b-2' }),
    (claims) => ({ ...claims, batchItems: { ...claims.batchItems, lines: claims.batchItems.lines + 1 } }),
    (claims) => ({ ...claims, batchItems: { ...claims.batchItems, sha256: '0'.repeat(64) } }),
    ({ batchItems, ...claims }) => ({ ...claims, sha256: batchItems.sha256 }),
  );
  await fc.assert(
    fc.asyncProperty(someLines, change, async (lines, changeClaims) => {
      const [header, claims = '', signature] = (await itemsOf(lines)).split('.');
      const changed = encoded(changeClaims(JSON.parse(Buffer.from(claims, 'base64url').toString())));
      expect(await verifyReceipt(`${header}.${changed}.${signature}`, keys)).toEqual({
        valid: false,
        problem: 'its signature is wrong',
      });
    }),
  );
});

test('hostile texts are refused in few words', async () => {
  const huge = 'A'.repeat(1_000_000);
  const given = [
    huge,
    `${huge}.${huge}.${huge}`,
    `${encoded({ alg: 'EdDSA', typ: 'coatcheck-receipt+jwt', kid: huge })}.${huge}.`,
  ];
  for (const text of [
    ...given,
    '..',
    '%.%.%',
    `${header}.${claims}.%`,
    `${header}.${claims}.${signature}=`,
  ]) {
    const verified = await verifyReceipt(text, keys);
    expect(verified.valid).toBe(false);
    expect(JSON.stringify(verified).length).toBeLessThan(200);
  }
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
