import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, realpath, rename, rm, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { counted } from '../../core/base/counted.ts';
import {
  ConfigurationError,
  PayloadDenied,
  PayloadMissing,
  StoreUnavailable,
} from '../../core/base/errors.ts';
import { BINARY_TYPE } from '../../core/base/media-type.ts';
import { type ClaimCheck, formatClaimCheck } from '../../core/model/claim-check.ts';
import type { StoredResult } from '../../core/model/stored-result.ts';
import type { OpenedPayload, PayloadStore } from '../../core/ports/payload-store.ts';
import { syncFile } from '../sync-file.ts';
import { syncFolder } from '../sync-folder.ts';
import { formatHeader, type ObjectHeader, readHeader } from './object-header.ts';

/** What an upload says about its content. */
export type Upload = Pick<OpenedPayload, 'contentType' | 'contentEncoding' | 'contentLanguage'> &
  Partial<Pick<OpenedPayload, 'metadata'>>;

/** Objects that are being written, in the directory of the store. */
export const UNFINISHED = 'unfinished';

/** Windows has no symbolic links in the way of this flag. */
const { O_NOFOLLOW = 0, O_RDONLY } = constants;

/**
 * Payloads and results in a directory. An object is one file: a line of JSON with its key, content type and metadata,
 * then its content. The file's name is a digest of the key, so that no key leads out of the directory. An object is
 * complete as soon as its name exists, and never changes: the first writer of a key wins. The directory must be on a
 * file system with hard links.
 */
export class DirectoryPayloadStore implements PayloadStore {
  readonly maxCopyBytes = Number.POSITIVE_INFINITY;
  /** The beginning of its claim checks. */
  readonly location: { readonly scheme: 'file'; readonly bucket: string };
  /** The path of its directory. */
  readonly directory: string;

  private constructor(root: string, name: string) {
    this.directory = root;
    this.location = { scheme: 'file', bucket: name };
  }

  /**
   * Opens the store in a directory, and creates the directory if it doesn't exist.
   * @param name what claim checks call the store: 3 to 63 lower-case letters, digits, hyphens and dots
   * @throws ConfigurationError for another name
   */
  static async open(directory: string, name = 'payloads'): Promise<DirectoryPayloadStore> {
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new ConfigurationError(
        `The name of a directory store has 3 to 63 lower-case letters, digits, hyphens and dots, got ${JSON.stringify(name)}`,
      );
    }
    await mkdir(join(directory, UNFINISHED), { recursive: true });
    return new DirectoryPayloadStore(await realpath(directory), name);
  }

  async open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload> {
    signal.throwIfAborted();
    const { scheme, bucket, versionId } = check;
    const isHere = scheme === this.location.scheme && bucket === this.location.bucket;
    // Objects have no versions.
    if (!isHere || versionId !== undefined) throw new PayloadMissing(formatClaimCheck(check));
    const file = await this.#openFile(check);
    try {
      const { contentType, contentEncoding, contentLanguage, metadata, ...header } = await readHeader(file);
      const { size } = await file.stat();
      const stream = file.createReadStream({ start: header.length });
      // A stream that isn't read yet must not end the process with its error.
      stream.on('error', () => {});
      return {
        size: size - header.length,
        contentType,
        ...(contentEncoding !== undefined && { contentEncoding }),
        ...(contentLanguage !== undefined && { contentLanguage }),
        metadata,
        body: addAbortSignal(signal, stream),
        discard: () => stream.destroy(),
      };
    } catch (error) {
      await file.close();
      throw new StoreUnavailable(`The payload ${formatClaimCheck(check)}`, error);
    }
  }

  /** Objects have no versions: they never change. */
  async versionOf(): Promise<undefined> {
    return undefined;
  }

  async recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined> {
    try {
      return await this.open(this.#check(key), signal);
    } catch (error) {
      if (error instanceof PayloadMissing) return undefined;
      throw error;
    }
  }

  save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    return this.put(key, body, { contentType }, signal);
  }

  /** Stores an upload. The first writer of a key wins: a later one adopts what is there. */
  async put(
    key: string,
    body: AsyncIterable<Uint8Array>,
    upload: Upload,
    signal: AbortSignal,
  ): Promise<StoredResult> {
    signal.throwIfAborted();
    const { contentType = BINARY_TYPE, contentEncoding, contentLanguage, metadata = {} } = upload;
    const header = { key, contentType, contentEncoding, contentLanguage, metadata };
    const unfinished = this.#unfinishedPath();
    const count = { bytes: 0, failed: false };
    try {
      await writeObject(unfinished, header, counted(body, count), signal);
      const published = { check: this.#check(key), size: count.bytes, contentType };
      while (!(await this.#publish(unfinished, key))) {
        const adopted = await this.#adopt(key);
        if (adopted) return adopted;
      }
      return published;
    } catch (error) {
      throw count.failed || signal.aborted ? error : new StoreUnavailable('The payload directory', error);
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** Makes a hard link, which takes no space. */
  async copyForConsumer(result: StoredResult, key: string): Promise<StoredResult> {
    const path = this.#path(key);
    const unfinished = this.#unfinishedPath();
    try {
      await link(this.#path(result.check.key), unfinished);
      // The copy is kept as long as a new object, and so is the result.
      await utimes(unfinished, new Date(), new Date());
      await mkdir(dirname(path), { recursive: true });
      await rename(unfinished, path);
      await syncFolder(dirname(path));
      return { ...result, check: this.#check(key) };
    } catch (error) {
      if (isCode(error, 'ENOENT')) throw new PayloadMissing(formatClaimCheck(result.check), error);
      throw new StoreUnavailable('The payload directory', error);
    } finally {
      // Renaming leaves it if the copy exists already.
      await rm(unfinished, { force: true });
    }
  }

  /** Keeps an object, if it exists, as long as one that is written now. @param now milliseconds since 1970 */
  async renew({ scheme, bucket, key }: ClaimCheck, now: number): Promise<void> {
    if (scheme !== this.location.scheme || bucket !== this.location.bucket) return;
    await utimes(this.#path(key), now / 1000, now / 1000).catch((error: unknown) => {
      if (!isCode(error, 'ENOENT')) throw error;
    });
  }

  /** Deletes an object, if it exists. Readers that have opened it read on. */
  async remove(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  #check(key: string): ClaimCheck {
    return { ...this.location, key };
  }

  #path(key: string): string {
    const digest = createHash('sha256').update(key).digest('hex');
    return join(this.directory, digest.slice(0, 2), digest.slice(2));
  }

  #unfinishedPath(): string {
    return join(this.directory, UNFINISHED, crypto.randomUUID());
  }

  async #openFile(check: ClaimCheck): Promise<FileHandle> {
    const path = this.#path(check.key);
    const where = formatClaimCheck(check);
    try {
      // Links that lead elsewhere aren't followed.
      if ((await realpath(path)) !== path) throw new PayloadDenied(where);
      return await open(path, O_RDONLY | O_NOFOLLOW);
    } catch (error) {
      if (isCode(error, 'ENOENT')) throw new PayloadMissing(where, error);
      if (isCode(error, 'EACCES')) throw new PayloadDenied(where, error);
      throw error instanceof PayloadDenied ? error : new StoreUnavailable(`The payload ${where}`, error);
    }
  }

  /** Gives a complete object its name. @returns false if the name is taken */
  async #publish(unfinished: string, key: string): Promise<boolean> {
    const path = this.#path(key);
    const isNewFolder = (await mkdir(dirname(path), { recursive: true })) !== undefined;
    try {
      await link(unfinished, path);
    } catch (error) {
      if (isCode(error, 'EEXIST')) return false;
      throw error;
    }
    await syncFolder(dirname(path));
    if (isNewFolder) await syncFolder(this.directory);
    return true;
  }

  /** Takes over an object, which is kept as long as a new one; undefined if it is deleted meanwhile. */
  async #adopt(key: string): Promise<StoredResult | undefined> {
    await this.renew(this.#check(key), Date.now());
    const opened = await this.recall(key, new AbortController().signal);
    if (!opened) return undefined;
    const { size = 0, contentType = BINARY_TYPE, discard } = opened;
    discard();
    return { check: this.#check(key), size, contentType };
  }
}

/** Writes an object and has it survive a loss of power. */
async function writeObject(
  path: string,
  header: ObjectHeader,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(formatHeader(header));
    // After a stream of the file itself, closing the file would never end: https://github.com/nodejs/node/issues/54797
    const write = async (chunks: AsyncIterable<Uint8Array>) => {
      for await (const chunk of chunks) await file.writeFile(chunk);
    };
    // Only a stream is let go when the signal fires.
    await pipeline(Readable.from(body, { objectMode: false }), write, { signal });
    await syncFile(file.fd);
  } finally {
    await file.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
