import type { ClientTransfers } from '../core/ports/client-transfers.ts';
import { lazy } from './lazy.ts';

/** Client transfers in S3 for functions that load the S3 client when they first need it. */
export class LazyClientTransfers implements ClientTransfers {
  readonly #transfers: () => Promise<ClientTransfers>;

  constructor(bucket: string) {
    this.#transfers = lazy(async () => {
      const [{ transferClient }, { S3ClientTransfers }] = await Promise.all([
        import('./s3-clients.ts'),
        import('./s3-client-transfers.ts'),
      ]);
      return new S3ClientTransfers(transferClient(), bucket);
    });
  }

  readonly form: ClientTransfers['form'] = async (...args) => (await this.#transfers()).form(...args);

  readonly beginParts: ClientTransfers['beginParts'] = async (...args) =>
    (await this.#transfers()).beginParts(...args);

  readonly partUrls: ClientTransfers['partUrls'] = async (...args) =>
    (await this.#transfers()).partUrls(...args);

  readonly completeParts: ClientTransfers['completeParts'] = async (...args) =>
    (await this.#transfers()).completeParts(...args);

  readonly abortParts: ClientTransfers['abortParts'] = async (...args) =>
    (await this.#transfers()).abortParts(...args);

  readonly downloadUrl: ClientTransfers['downloadUrl'] = async (...args) =>
    (await this.#transfers()).downloadUrl(...args);
}
