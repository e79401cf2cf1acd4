import { expect, test } from 'vitest';
import { sha256Of, verifyReceipt } from '../../../lib/core/model/receipt.ts';
import { signerOf, signerOfSecret } from '../../../lib/core/model/receipt-keys.ts';

const [OLD = '', NEW = ''] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64'));
const RECEIPT = { iss: 'orders', sub: '1', iat: 1_764_000_000, sha256: await sha256Of(new Uint8Array()) };

test('while a key is replaced, receipts of both are verified, and the new one signs', async () => {
  const [before, during, after] = [
    await signerOfSecret(JSON.stringify({ current: OLD })),
    await signerOfSecret(JSON.stringify({ current: NEW, previous: OLD })),
    await signerOf([NEW]),
  ];
  const [old, renewed] = [await before.sign(RECEIPT), await during.sign(RECEIPT)];
  expect(await verifyReceipt(old, during)).toEqual({ valid: true, receipt: RECEIPT });
  expect(await verifyReceipt(renewed, after)).toEqual({ valid: true, receipt: RECEIPT });
  expect((await verifyReceipt(old, after)).valid).toBe(false);
  expect(during.keys.map(({ kid }) => kid)).toEqual([after.keys[0]?.kid, before.keys[0]?.kid]);
});

test.each([
  ['no JSON', OLD],
  ['no object', '[]'],
  ['no current key', '{}'],
  ['a key of another length', JSON.stringify({ current: 'c2hvcnQ=' })],
  ['a previous key of another form', JSON.stringify({ current: NEW, previous: `whsec_${OLD}` })],
])('a secret with %s is refused, and not quoted', async (_, secret) => {
  const refused = signerOfSecret(secret);
  await expect(refused).rejects.toMatchObject({ code: 'configuration_invalid' });
  await expect(refused).rejects.not.toThrow(OLD);
});
