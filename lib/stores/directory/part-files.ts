import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  type ExpectedUpload,
  type UploadedPart,
  UploadIncomplete,
  UploadUnknown,
} from '../../core/ports/client-transfers.ts';

/** A file in an upload's folder that says what is uploaded. */
const UPLOAD_FILE = 'upload.json';

const NAME = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const ETAG = /^"([0-9a-f]{64})"$/;

/** Uploads in parts that aren't complete: a folder each, with a file a part. */
export class PartFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Begins an upload. @returns its name */
  async begin(upload: ExpectedUpload): Promise<string> {
    const name = crypto.randomUUID();
    const folder = join(this.#folder, name);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, UPLOAD_FILE), JSON.stringify(upload));
    return name;
  }

  /** @throws UploadUnknown if there is none of that name for the key */
  async read(key: string, name: string): Promise<ExpectedUpload> {
    if (!NAME.test(name)) throw new UploadUnknown();
    const text = await readFile(join(this.#folder, name, UPLOAD_FILE), 'utf8').catch((cause) => {
      throw new UploadUnknown(cause);
    });
    const upload: ExpectedUpload = JSON.parse(text);
    if (upload.key !== key) throw new UploadUnknown();
    return upload;
  }

  /** Keeps a part. @returns its ETag */
  async write(name: string, number: number, body: AsyncIterable<Uint8Array>): Promise<string> {
    const folder = join(this.#folder, name);
    const unfinished = join(folder, crypto.randomUUID());
    const hash = createHash('sha256');
    try {
      await pipeline(body, hashing(hash), createWriteStream(unfinished));
      const digest = hash.digest('hex');
      await rename(unfinished, join(folder, `${number}-${digest}`));
      return `"${digest}"`;
    } finally {
      await rm(unfinished, { force: true });
    }
  }

  /** The bytes of an upload's parts, in order. @throws UploadIncomplete if one is missing, or the size is another */
  async join(name: string, parts: readonly UploadedPart[], size: number): Promise<AsyncIterable<Uint8Array>> {
    const inOrder = parts.toSorted((one, other) => one.number - other.number);
    const paths = inOrder.map((part) => this.#pathOf(name, part));
    const sizes = await Promise.all(paths.map(sizeOf));
    const missing = inOrder.find((_, index) => sizes[index] === undefined);
    if (missing) throw new UploadIncomplete(`part ${missing.number} was not uploaded with that ETag`);
    const total = sizes.reduce<number>((sum, each = 0) => sum + each, 0);
    if (total !== size)
      throw new UploadIncomplete(`its parts must have ${size} bytes together, got ${total}`);
    return bytesOf(paths);
  }

  /** Deletes an upload with its parts, if it exists. */
  async delete(name: string): Promise<void> {
    if (NAME.test(name)) await rm(join(this.#folder, name), { recursive: true, force: true });
  }

  /** Deletes uploads that were begun before a time, in milliseconds since 1970. */
  async deleteBefore(time: number): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const begun = await stat(join(this.#folder, name, UPLOAD_FILE)).catch(() => undefined);
      if (begun && begun.mtimeMs < time) await this.delete(name);
    }
  }

  #pathOf(name: string, { number, etag }: UploadedPart): string {
    const [, digest = 'none'] = ETAG.exec(etag) ?? [];
    return join(this.#folder, name, `${number}-${digest}`);
  }
}

function hashing(hash: ReturnType<typeof createHash>) {
  return async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size;
}

async function* bytesOf(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) yield* createReadStream(path);
}
