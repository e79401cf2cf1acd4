import { BASE64_OF_32_BYTES } from '../base/base64.ts';

/** The header with the receipt of what was accepted. */
export const RECEIPT_HEADER = 'Coatcheck-Receipt';

/** The problem with a private key of Ed25519 in base64; undefined if there is none. It doesn't quote the key. */
export function receiptKeyProblem(key: string): string | undefined {
  return BASE64_OF_32_BYTES.test(key)
    ? undefined
    : `must be 32 random bytes in base64, got ${key.length} characters of another form. Make one with openssl rand -base64 32`;
}
