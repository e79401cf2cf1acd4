import { RECEIPT_HEADER, type Receipt, type ReceiptSigner, sha256Of } from '../core/model/receipt.ts';
import type { RequestRecord } from '../core/model/request-record.ts';

/** The header with a receipt. */
export async function receiptHeader(
  signer: ReceiptSigner,
  receipt: Receipt,
): Promise<Record<string, string>> {
  return { [RECEIPT_HEADER]: await signer.sign(receipt) };
}

/**
 * The receipt of a request that was accepted. A repeated call gets the same one: it has the same payload, and the request its time.
 * @param iss the name of the service
 */
export async function requestReceipt(
  iss: string,
  { request, createdAt }: RequestRecord,
  payload: Uint8Array<ArrayBuffer>,
): Promise<Receipt> {
  return { iss, sub: request.id, iat: secondsOf(createdAt), sha256: await sha256Of(payload) };
}

/**
 * The receipt of the ticket of an upload.
 * @param iss the name of the service
 * @param sha256 the digest that the store enforces, in base64
 */
export function uploadReceipt(iss: string, { request, createdAt }: RequestRecord, sha256: string): Receipt {
  const digest = Buffer.from(sha256, 'base64').toString('hex');
  return { iss, sub: request.id, iat: secondsOf(createdAt), awaitedUpload: { sha256: digest } };
}

/**
 * The receipt of a body whose lines are all items of a batch. A repeated call gets one that differs by its time only.
 * @param iss the name of the service
 */
export async function itemsReceipt(
  iss: string,
  {
    batchId,
    body,
    lines,
    at,
  }: {
    readonly batchId: string;
    readonly body: Uint8Array<ArrayBuffer>;
    /** How many lines it has, without empty ones. */
    readonly lines: number;
    /** Milliseconds since 1970. */
    readonly at: number;
  },
): Promise<Receipt> {
  return { iss, sub: batchId, iat: secondsOf(at), batchItems: { sha256: await sha256Of(body), lines } };
}

function secondsOf(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
