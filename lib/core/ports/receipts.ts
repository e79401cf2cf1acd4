import type { ReceiptSigner } from '../model/receipt.ts';

/** Has the keys of receipts, which may be elsewhere and change. */
export interface ReceiptSigners {
  /** The signer of this moment. */
  read(): Promise<ReceiptSigner>;
}
