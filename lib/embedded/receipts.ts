import type { MiddlewareHandler } from 'hono';
import { isObject } from '../core/base/json-object.ts';
import { RECEIPT_HEADER, type ReceiptSigner, sha256Of } from '../core/model/receipt.ts';

/**
 * Adds a receipt to the answer for a request that was accepted. A repeated call gets one for the same request: it has the same
 * payload.
 */
export function addReceipts(signer: ReceiptSigner, serviceName: string): MiddlewareHandler {
  return async (c, next) => {
    if (c.req.method !== 'POST') return next();
    const copy = c.req.raw.clone();
    await next();
    if (c.res.status !== 202 && c.res.status !== 200) return;
    const answer: unknown = await c.res.clone().json();
    if (!isObject(answer)) return;
    const receipt = {
      iss: serviceName,
      sub: String(answer.id),
      iat: Math.floor(Date.parse(String(answer.createdAt)) / 1000),
      sha256: await sha256Of(new Uint8Array(await copy.arrayBuffer())),
    };
    c.res.headers.set(RECEIPT_HEADER, await signer.sign(receipt));
  };
}
