import { PayloadDenied, PayloadMissing } from '../../core/base/errors.ts';
import { type ClaimCheck, formatClaimCheck } from '../../core/model/claim-check.ts';
import type { StoredResult } from '../../core/model/stored-result.ts';
import type { OpenedPayload, PayloadStore } from '../../core/ports/payload-store.ts';
import { Faults } from './faults.ts';

/** An object's version. */
export interface StoredVersion {
  readonly versionId: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How an object misbehaves when it is read. */
export interface Oddities {
  /** Pieces it arrives in. @default 65,536 bytes */
  readonly chunkBytes?: number;
  /** The store doesn't say how large it is. */
  readonly withoutSize?: boolean;
  /** The connection breaks after so many bytes, as if it were the end. */
  readonly endsAfter?: number;
}

interface StoredObject {
  readonly versions: StoredVersion[];
  deleted: boolean;
  readonly oddities: Oddities;
}

/** Buckets in memory: versioned, the first writer of a result wins. */
export class MemoryPayloadStore implements PayloadStore {
  readonly bucket: string;
  readonly faults = new Faults<'open' | 'versionOf' | 'recall' | 'save' | 'copyForConsumer'>();
  /** Claim checks that were opened, in order. */
  readonly opened: ClaimCheck[] = [];
  /** Buckets with denied access. */
  readonly deniedBuckets = new Set<string>();
  maxCopyBytes = Number.POSITIVE_INFINITY;
  bytesRead = 0;
  /** Payloads opened and neither read to their end nor discarded. */
  unreleased = 0;
  readonly #objects = new Map<string, StoredObject>();
  #versions = 0;

  constructor(bucket = 'payloads') {
    this.bucket = bucket;
  }

  /** Uploads an object as a client does. @returns its version */
  put(
    key: string,
    content: string | Uint8Array,
    {
      bucket = this.bucket,
      contentType = 'application/octet-stream',
      contentEncoding,
      contentLanguage,
      metadata = {},
      ...oddities
    }: Partial<Omit<StoredVersion, 'bytes'>> & { readonly bucket?: string } & Oddities = {},
  ): string {
    const bytes = Buffer.from(content);
    const versionId = `v${++this.#versions}`;
    const versions = this.#objects.get(path(bucket, key))?.versions ?? [];
    versions.push({ versionId, bytes, contentType, contentEncoding, contentLanguage, metadata });
    this.#objects.set(path(bucket, key), { versions, deleted: false, oddities });
    return versionId;
  }

  /** Hides an object behind a delete marker; its versions stay. */
  remove(key: string): void {
    const object = this.#objects.get(path(this.bucket, key));
    if (object) object.deleted = true;
  }

  /** Deletes an object with all its versions, as a bucket's lifecycle does. */
  purge(key: string): void {
    this.#objects.delete(path(this.bucket, key));
  }

  /** An object as it is now. */
  object(key: string, bucket = this.bucket): StoredVersion | undefined {
    return this.#find({ bucket, key });
  }

  /** Every key below a prefix of {@link bucket} that holds an object. */
  keys(prefix = ''): string[] {
    const start = path(this.bucket, prefix);
    const found = [...this.#objects].filter(([name, { deleted }]) => !deleted && name.startsWith(start));
    return found.map(([name]) => name.slice(this.bucket.length + 1));
  }

  open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload> {
    return this.faults.around('open', () => {
      signal.throwIfAborted();
      this.opened.push(check);
      if (this.deniedBuckets.has(check.bucket)) throw new PayloadDenied(formatClaimCheck(check));
      const version = this.#find(check);
      if (!version) throw new PayloadMissing(formatClaimCheck(check));
      return this.#reading(version, this.#objects.get(path(check.bucket, check.key))?.oddities ?? {}, signal);
    });
  }

  versionOf(check: ClaimCheck, signal: AbortSignal): Promise<string | undefined> {
    return this.faults.around('versionOf', () => {
      signal.throwIfAborted();
      if (this.deniedBuckets.has(check.bucket)) throw new PayloadDenied(formatClaimCheck(check));
      return this.#find(check)?.versionId;
    });
  }

  recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined> {
    return this.faults.around('recall', () => {
      signal.throwIfAborted();
      const version = this.object(key);
      return version && this.#reading(version, {}, signal);
    });
  }

  save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    return this.faults.around('save', async () => {
      signal.throwIfAborted();
      const bytes = await collected(body, signal);
      if (!this.object(key)) this.put(key, bytes, { contentType });
      return this.#result(key);
    });
  }

  copyForConsumer({ check, size }: StoredResult, key: string): Promise<StoredResult> {
    return this.faults.around('copyForConsumer', () => {
      if (size > this.maxCopyBytes)
        throw new Error(`${size} bytes exceed the limit of ${this.maxCopyBytes} bytes for a copy`);
      const version = this.#find(check);
      if (!version) throw new PayloadMissing(formatClaimCheck(check));
      this.put(key, version.bytes, version);
      return this.#result(key);
    });
  }

  #result(key: string): StoredResult {
    const version = this.object(key);
    if (!version) throw new Error(`nothing at ${key}`);
    const { versionId, bytes, contentType } = version;
    return { check: { bucket: this.bucket, key, versionId }, size: bytes.byteLength, contentType };
  }

  #find({ bucket, key, versionId }: ClaimCheck): StoredVersion | undefined {
    const object = this.#objects.get(path(bucket, key));
    if (versionId !== undefined) return object?.versions.find((version) => version.versionId === versionId);
    return object?.deleted ? undefined : object?.versions.at(-1);
  }

  #reading(
    { bytes, ...version }: StoredVersion,
    { chunkBytes = 65_536, withoutSize = false, endsAfter = Number.POSITIVE_INFINITY }: Oddities,
    signal: AbortSignal,
  ): OpenedPayload {
    let held = true;
    this.unreleased++;
    const discard = () => {
      if (held) this.unreleased--;
      held = false;
    };
    const arrived = (chunk: Uint8Array) => {
      this.bytesRead += chunk.byteLength;
      return chunk;
    };
    async function* body() {
      try {
        const end = Math.min(bytes.byteLength, endsAfter);
        for (let at = 0; at < end; at += chunkBytes) {
          if (!held) throw new Error('the payload was discarded');
          signal.throwIfAborted();
          yield arrived(bytes.subarray(at, Math.min(at + chunkBytes, end)));
        }
      } finally {
        discard();
      }
    }
    const size = withoutSize ? undefined : bytes.byteLength;
    return { ...version, size, body: body(), discard };
  }
}

function path(bucket: string, key: string): string {
  return `${bucket}/${key}`;
}

async function collected(body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Uint8Array> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const collect = async () => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      signal.throwIfAborted();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  try {
    return await Promise.race([collect(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
