import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { needsPathStyle } from '../aws/s3-path-style.ts';
import { type ClaimCheck, formatClaimCheck } from '../core/model/claim-check.ts';
import type { ResultObjects } from './outcome-result.ts';

/** Results in S3. */
export class S3ResultObjects implements ResultObjects {
  #client?: S3Client;
  readonly #region?: string;

  /** @param client created on first use if undefined */
  constructor(client: S3Client | undefined, region: string | undefined) {
    this.#client = client;
    this.#region = region;
  }

  async open(check: ClaimCheck): Promise<ReadableStream<Uint8Array>> {
    const { scheme = 's3', bucket, key, versionId } = check;
    if (scheme !== 's3') {
      throw new Error(
        `The result ${formatClaimCheck(check)} isn't in S3: read it where the service keeps its files`,
      );
    }
    this.#client ??= new S3Client({ region: this.#region, forcePathStyle: needsPathStyle() });
    const { Body } = await this.#client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }),
    );
    if (!Body) throw new Error(`S3 returned s3://${bucket}/${key} without a body`);
    return Body.transformToWebStream();
  }
}
