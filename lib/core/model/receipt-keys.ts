import { ConfigurationError } from '../base/errors.ts';
import { jsonValue } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { receiptKeyProblem } from '../config/receipts.ts';
import { type ReceiptSigner, receiptSigner } from './receipt.ts';

/**
 * Makes a signer of private keys as an operator writes them, in base64.
 * @param keys the current one and, during a rotation, previous ones
 * @throws ConfigurationError that doesn't quote the keys
 */
export function signerOf([current, ...previous]: readonly [string, ...string[]]): Promise<ReceiptSigner> {
  return receiptSigner(bytesOf(current), ...previous.map(bytesOf));
}

/**
 * Makes a signer of a secret: JSON with `current` and, during a rotation, `previous`, each a private key in base64.
 * @throws ConfigurationError that doesn't quote the keys
 */
export async function signerOfSecret(text: string): Promise<ReceiptSigner> {
  const value: unknown = jsonValue(text);
  if (!isObject(value)) {
    throw new ConfigurationError(
      'The secret of receipts must be JSON: {"current": "…", "previous"?: "…"}, each the base64 of 32 bytes',
    );
  }
  const { current, previous } = value;
  return signerOf([String(current ?? ''), ...(previous === undefined ? [] : [String(previous)])]);
}

function bytesOf(key: string): Uint8Array {
  const problem = receiptKeyProblem(key);
  if (problem !== undefined) throw new ConfigurationError(`A key of receipts ${problem}`);
  return Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
}
