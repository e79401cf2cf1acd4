import { signerOfSecret } from '../core/model/receipt-keys.ts';
import type { ReceiptSigners } from '../core/ports/receipts.ts';
import type { Logger } from '../core/ports/telemetry.ts';
import { lazyPort } from './lazy-port.ts';

/**
 * The keys of receipts in Secrets Manager, whose client is loaded with the first read: few services need them. A read throws
 * ConfigurationError if the secret is malformed, or the SDK's error.
 * @param id the secret's name or ARN
 */
export function lazyReceiptSigners(id: string, logger: Logger): ReceiptSigners {
  return lazyPort(['read'], async () => {
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
