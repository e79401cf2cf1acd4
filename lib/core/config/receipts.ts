/** The header with the receipt of a request that was accepted. */
export const RECEIPT_HEADER = 'Coatcheck-Receipt';

/** The 32 bytes of a private key of Ed25519 in base64. */
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** The problem with a private key in base64; undefined if there is none. It doesn't quote the key. */
export function receiptKeyProblem(key: string): string | undefined {
  return KEY.test(key)
    ? undefined
    : `must be 32 random bytes in base64, got ${key.length} characters of another form. Make one with openssl rand -base64 32`;
}
