import type { StoredResult } from '../core/model/stored-result.ts';
import type {
  ClientTransfers,
  ExpectedPart,
  ExpectedUpload,
  UploadedPart,
  UploadForm,
  UploadTerms,
} from '../core/ports/client-transfers.ts';
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

  async form(upload: ExpectedUpload, terms: UploadTerms): Promise<UploadForm> {
    return (await this.#transfers()).form(upload, terms);
  }

  async beginParts(upload: ExpectedUpload): Promise<string> {
    return (await this.#transfers()).beginParts(upload);
  }

  async partUrls(
    key: string,
    uploadName: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]> {
    return (await this.#transfers()).partUrls(key, uploadName, parts, expiresInSeconds);
  }

  async completeParts(
    key: string,
    uploadName: string,
    parts: readonly UploadedPart[],
    size: number,
  ): Promise<void> {
    return (await this.#transfers()).completeParts(key, uploadName, parts, size);
  }

  async abortParts(key: string, uploadName: string): Promise<void> {
    return (await this.#transfers()).abortParts(key, uploadName);
  }

  async downloadUrl(result: StoredResult, expiresInSeconds: number): Promise<string> {
    return (await this.#transfers()).downloadUrl(result, expiresInSeconds);
  }
}
