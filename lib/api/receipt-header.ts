import { RECEIPT_HEADER, type ReceiptSigner, sha256Of } from '../core/model/receipt.ts';
import type { RequestRecord } from '../core/model/request-record.ts';

/**
 * The header with the receipt of a request that was accepted. A repeated call gets the same one: it has the same payload, and the request
 * its time.
 */
export async function receiptHeader(
  signer: ReceiptSigner,
  serviceName: string,
  { request, createdAt }: RequestRecord,
  payload: Uint8Array<ArrayBuffer>,
): Promise<Record<string, string>> {
  const receipt = {
    iss: serviceName,
    sub: request.id,
    iat: Math.floor(createdAt / 1000),
    sha256: await sha256Of(payload),
  };
  return { [RECEIPT_HEADER]: await signer.sign(receipt) };
}
