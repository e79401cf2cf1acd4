import type { ReceiptSigner } from '../core/model/receipt.ts';
import { signerOfSecret } from '../core/model/receipt-keys.ts';
import type { ReceiptSigners } from '../core/ports/receipts.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { lazy } from './lazy.ts';

/** The keys of receipts in Secrets Manager, whose client is loaded with the first read: few services need them. */
export class LazyReceiptSigners implements ReceiptSigners {
  readonly #load: () => Promise<ReceiptSigners>;

  /** @param id the secret's name or ARN */
  constructor(id: string, logger: Logger) {
    this.#load = lazy(async () => {
      const [{ refreshedSecret }, { secretsClient }] = await Promise.all([
        import('./secrets-manager-secrets.ts'),
        import('./secrets-client.ts'),
      ]);
      return refreshedSecret('receipts', id, signerOfSecret, {
        client: secretsClient(),
        logger,
        now: Date.now,
      });
    });
  }

  /** @throws ConfigurationError if the secret is malformed, or the SDK's error */
  async read(): Promise<ReceiptSigner> {
    return (await this.#load()).read();
  }
}
