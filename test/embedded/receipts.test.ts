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
import { CoatcheckClient, DIRECT_MAX_BYTES, verifyReceipt } from '../../lib/client/index.ts';
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

test('a file that receipts can not be verified with is named', async () => {
  const cwd = await temporaryFolder();
  await writeFile(join(cwd, 'keys.json'), '{"keys":[]}');
  await writeFile(join(cwd, 'null.json'), '{"keys":[null]}');
  const verify = (...line: readonly string[]) => coatcheck(['receipt', 'verify', 'a.b.c', ...line], { cwd });
  for (const [line, problem] of [
    [['--keys', 'none'], "error: Can't read none: ENOENT"],
    [['--keys', 'keys.json', '--payload', 'none'], "error: Can't read none: ENOENT"],
    [['--keys', 'keys.json', '--payload', '.'], "error: Can't read .: EISDIR"],
    [['--keys', 'null.json'], 'error: null.json must have a key set: {"keys": [...]}'],
  ] as const) {
    const { exitCode, stderr } = await verify(...line);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(problem)]);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  }
});

/** A service that gives receipts, its key set for jose, and the command in a folder with these files. */
async function openSigned(files: Readonly<Record<string, string | Uint8Array>>) {
  const { url } = await openServedService(undefined, { receipts: await receiptSigner(KEY) });
  const cwd = await temporaryFolder();
  for (const [name, content] of Object.entries(files)) await writeFile(join(cwd, name), content);
  const jwks = createLocalJWKSet((await (await fetch(`${url}/v1/receipts/keys`)).json()) as JSONWebKeySet);
  const rules = { typ: 'coatcheck-receipt+jwt', issuer: 'coatcheck', algorithms: ['EdDSA'] };
  return {
    client: new CoatcheckClient({ baseUrl: url }),
    run: (...line: readonly string[]) => coatcheck([...line, '--api', url], { cwd }),
    claimsIn: async (receipt: string) => (await jwtVerify(receipt, jwks, rules)).payload,
  };
}

test('an upload with its digest has a receipt of the ticket, which says that the payload need not have arrived', async () => {
  const payload = Buffer.alloc(DIRECT_MAX_BYTES + 1, 'x');
  const { client, run, claimsIn } = await openSigned({ payload });
  const hash = (encoding: 'base64' | 'hex') => createHash('sha256').update(payload).digest(encoding);
  const { id, receipt = '' } = await client.submit(payload, { sha256: hash('base64') });
  const awaitedUpload = { sha256: hash('hex') };
  expect(await claimsIn(receipt)).toEqual({
    iss: 'coatcheck',
    sub: id,
    iat: expect.any(Number),
    awaitedUpload,
  });
  expect(await client.submit(payload)).not.toHaveProperty('receipt');
  const verified = await run('receipt', 'verify', receipt, '--payload', 'payload');
  const [sub, , , digest] = verified.stdout.trimEnd().split('\t');
  expect([verified.exitCode, sub, digest]).toEqual([0, id, hash('hex')]);
  expect(verified.stderr).toContain('prove that it arrived: run npx coatcheck status');
  const printed = await run('receipt', 'verify', receipt, '--json');
  expect(JSON.parse(printed.stdout)).toMatchObject({ sub: id, awaitedUpload });
});

test('lines of a batch have a receipt, which the command verifies by the lines of the file', async () => {
  const lines = ['a', 'b', 'c'].map((key) => `${JSON.stringify({ key, text: 'x'.repeat(1_000_000) })}\n`);
  const [first = '', second = '', third = ''] = lines;
  const { run, claimsIn } = await openSigned({
    items: lines.join(''),
    part: first + second,
    turned: second + first,
    rest: third,
  });
  const submitted = await run('batches', 'submit', 'items', '--json');
  const { id, receipts } = JSON.parse(submitted.stdout);
  expect(receipts).toEqual([
    { firstLine: 1, lastLine: 2, receipt: expect.any(String) },
    { firstLine: 3, lastLine: 3, receipt: expect.any(String) },
  ]);
  const [ofPart = '', ofRest = ''] = receipts.map(({ receipt }: { receipt: string }) => receipt);
  const sha256 = createHash('sha256')
    .update(first + second)
    .digest('hex');
  expect(await claimsIn(ofPart)).toEqual({
    iss: 'coatcheck',
    sub: id,
    iat: expect.any(Number),
    batchItems: { sha256, lines: 2 },
  });
  const verified = await run('receipt', 'verify', ofPart, '--payload', 'part');
  expect([verified.exitCode, verified.stderr]).toEqual([
    0,
    `All 2 lines of a body with this SHA-256 were items of the batch ${id}.\n`,
  ]);
  expect((await run('receipt', 'verify', ofRest, '--payload', 'rest')).exitCode).toBe(0);
  expect((await run('receipt', 'verify', ofPart, '--payload', 'turned')).exitCode).toBe(1);
  expect((await run('receipt', 'verify', ofRest, '--payload', 'part')).exitCode).toBe(1);
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
