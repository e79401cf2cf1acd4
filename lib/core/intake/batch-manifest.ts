import { S3_MIN_PART_BYTES } from '../config/aws-limits.ts';
import { MANIFEST_FOLDER } from '../config/settings.ts';
import type { Batch } from '../model/batch.ts';
import { resultKey } from '../model/result-key.ts';
import type { StoredResult } from '../model/stored-result.ts';
import type { DueBatch, ManifestProgress, ManifestStore, StoredItem } from '../ports/batch-store.ts';
import { UploadIncomplete, UploadUnknown } from '../ports/client-transfers.ts';
import type { ManifestFiles } from '../ports/manifest-files.ts';

/** The ports of a {@link BatchManifest}. */
export interface BatchManifestPorts {
  readonly store: ManifestStore;
  readonly files: ManifestFiles;
  /** The line of an item, without a line feed. */
  readonly lineOf: (item: StoredItem) => string;
}

/** Items that are read at a time. */
const ITEMS_TOGETHER = 200;

/** A part of a manifest. */
interface Part {
  readonly bytes: Uint8Array;
  /** The position of its last item; undefined if no item follows. */
  readonly next: string | undefined;
}

/**
 * Writes the manifest of a batch that has ended: a file with a line for each item. It is written part by part, so that a
 * manifest of any size needs little memory, and another process can continue where one has stopped.
 */
export class BatchManifest {
  readonly #ports: BatchManifestPorts;
  readonly #prefix: string;

  /** @param resultPrefix that of results, with which manifests expire */
  constructor(ports: BatchManifestPorts, resultPrefix: string) {
    this.#ports = ports;
    this.#prefix = `${resultPrefix}${MANIFEST_FOLDER}`;
  }

  /** Writes a further part. @returns the manifest; undefined if parts are left, for which the batch is due again */
  async write(due: DueBatch): Promise<StoredResult | undefined> {
    const { store, files } = this.#ports;
    const { batch, manifestProgress: progress } = due;
    const key = resultKey(this.#prefix, { ...batch, source: '' }, `manifest ${batch.createdAt}`);
    const { bytes, next } = await this.#readPart(batch, progress?.upTo);
    if (!progress && next === undefined) return this.#note(batch, await files.put(key, bytes));
    try {
      const written = await this.#writePart(key, bytes, progress);
      if (next !== undefined) {
        await store.noteManifestProgress(due, { ...written, upTo: next });
        return undefined;
      }
      const parts = written.etags.map((etag, index) => ({ number: index + 1, etag }));
      return await this.#note(batch, await files.complete(key, written.uploadName, parts, written.bytes));
    } catch (error) {
      if (!(error instanceof UploadUnknown || error instanceof UploadIncomplete)) throw error;
      // Either another process completed it before it died, or its parts are lost.
      const completed = await files.find(key);
      if (completed) return this.#note(batch, completed);
      await store.noteManifestProgress(due, undefined);
      return undefined;
    }
  }

  /** Reads as many lines as a part needs, or the last ones. @param after the position of the last item before them */
  async #readPart(batch: Batch, after: string | undefined): Promise<Part> {
    const { store, lineOf } = this.#ports;
    const lines: Uint8Array[] = [];
    let bytes = 0;
    let next = after;
    do {
      const page = await store.items(batch, next, ITEMS_TOGETHER);
      const text = Buffer.from(page.items.map((item) => `${lineOf(item)}\n`).join(''));
      lines.push(text);
      bytes += text.byteLength;
      next = page.next;
    } while (next !== undefined && bytes < S3_MIN_PART_BYTES);
    return { bytes: Buffer.concat(lines), next };
  }

  async #writePart(
    key: string,
    bytes: Uint8Array,
    progress: ManifestProgress | undefined,
  ): Promise<Omit<ManifestProgress, 'upTo'>> {
    const { files } = this.#ports;
    const uploadName = progress?.uploadName ?? (await files.begin(key));
    const { etags, bytes: before } = progress ?? { etags: [], bytes: 0 };
    // The items after a part may have no records any more.
    if (bytes.byteLength === 0) return { uploadName, etags, bytes: before };
    const etag = await files.writePart(key, uploadName, etags.length + 1, bytes);
    return { uploadName, etags: [...etags, etag], bytes: before + bytes.byteLength };
  }

  async #note(batch: Batch, manifest: StoredResult): Promise<StoredResult> {
    await this.#ports.store.noteManifest(batch, manifest);
    return manifest;
  }
}
