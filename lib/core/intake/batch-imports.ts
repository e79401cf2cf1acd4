import { quote } from '../base/quote.ts';
import { S3_MAX_KEY_BYTES } from '../config/aws-limits.ts';
import { IMPORT_FOLDER } from '../config/settings.ts';
import { batchStatusOf } from '../model/batch.ts';
import { newImport } from '../model/batch-import.ts';
import { NDJSON_TYPE } from '../model/batch-lines.ts';
import { type BatchView, batchViewOf } from '../model/batch-view.ts';
import type { ImportStore } from '../ports/batch-store.ts';
import type { ClientTransfers, UploadForm } from '../ports/client-transfers.ts';
import type { Clock } from '../ports/clock.ts';
import type { ItemFiles } from '../ports/item-files.ts';
import { type Batches, closed } from './batches.ts';
import { RequestRefused } from './errors.ts';
import { UPLOAD_LIFETIME_SECONDS } from './uploads.ts';

/** The ports of {@link BatchImports}. */
export interface BatchImportsPorts {
  readonly batches: Pick<Batches, 'open'>;
  readonly store: Pick<ImportStore, 'beginImport'>;
  readonly files: Pick<ItemFiles, 'find'>;
  readonly transfers: Pick<ClientTransfers, 'form'>;
  readonly clock: Clock;
  /** Makes an unguessable id, in milliseconds since 1970. */
  readonly newId: (at: number) => string;
}

/** Where the objects of imports are. */
export interface BatchImportsSettings {
  readonly payloadBucket: string;
  readonly payloadPrefix: string;
}

/** An object to upload, whose lines can then be imported. */
export interface ManifestUpload {
  /** The object as `s3://BUCKET/KEY`. */
  readonly manifest: string;
  readonly form: UploadForm;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Lets clients import the lines of an object as items of a batch. */
export class BatchImports {
  readonly #ports: BatchImportsPorts;
  readonly #bucket: string;
  readonly #folder: string;

  constructor(ports: BatchImportsPorts, { payloadBucket, payloadPrefix }: BatchImportsSettings) {
    this.#ports = ports;
    this.#bucket = payloadBucket;
    this.#folder = `${payloadPrefix}${IMPORT_FOLDER}`;
  }

  /**
   * Lets a client without access to the bucket upload an object.
   * @param size in bytes, at most those of one upload
   * @throws BatchNotFound; RequestRefused unless the batch takes items
   */
  async upload(id: string, tenant: string | undefined, size: number): Promise<ManifestUpload> {
    const { batches, transfers, clock, newId } = this.#ports;
    await batches.open(id, tenant);
    const now = clock.now();
    const key = `${this.#folder}${id}/${newId(now)}.ndjson`;
    const form = await transfers.form(
      { key, contentType: NDJSON_TYPE, metadata: {} },
      { size, expiresInSeconds: UPLOAD_LIFETIME_SECONDS },
    );
    return { manifest: this.#uriOf(key), form, expiresAt: now + UPLOAD_LIFETIME_SECONDS * 1000 };
  }

  /**
   * Begins the import of an object. Begun again while it runs, it is the same import.
   * @param manifest the object as `s3://BUCKET/KEY`
   * @throws BatchNotFound; ItemFileUnreadable; RequestRefused unless the batch takes items and no other import runs, and for an object
   *   elsewhere
   */
  async begin(id: string, tenant: string | undefined, manifest: string): Promise<BatchView> {
    const { batches, store, files, clock } = this.#ports;
    const batch = await batches.open(id, tenant);
    const file = await files.find(this.#keyOf(manifest, tenant === undefined ? '' : `${id}/`));
    const begun = newImport(manifest, file);
    const stored = await store.beginImport(batch, begun);
    if (stored.state.sealedAt !== undefined) throw closed(id, batchStatusOf(batch, stored.state));
    const { import: running } = stored;
    if (running?.key !== file.key || running.etag !== file.etag) throw otherRuns(id, running?.manifest);
    return batchViewOf(stored, clock.now());
  }

  /** @param own the folder of the batch, whose objects no other tenant can name @throws RequestRefused */
  #keyOf(manifest: string, own: string): string {
    const allowed = this.#uriOf(`${this.#folder}${own}`);
    const key = manifest.slice(this.#uriOf('').length);
    const isBelow = manifest.startsWith(allowed) && manifest.length > allowed.length;
    const steps = key.split('/').some((step) => step === '.' || step === '..');
    if (isBelow && !steps && Buffer.byteLength(key) <= S3_MAX_KEY_BYTES) return key;
    throw new RequestRefused(
      'manifest_invalid',
      `manifest must be an object below ${allowed}, with a key of up to ${S3_MAX_KEY_BYTES} bytes, got ${quote(manifest)}: copy the object there, or upload it`,
    );
  }

  #uriOf(key: string): string {
    return `s3://${this.#bucket}/${key}`;
  }
}

function otherRuns(id: string, manifest = 'another manifest'): RequestRefused {
  return new RequestRefused(
    'import_running',
    `The batch ${id} is importing ${manifest}: import another one when that has ended`,
  );
}
