import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CoatcheckError } from '../../core/base/errors.ts';
import { typeOfFile } from '../media-types.ts';

/** Stands for standard input in place of a file. */
export const STANDARD_INPUT = '-';

/** A payload to submit. It is streamed when it is sent, never read into memory as a whole. */
export interface PayloadFile {
  /** The path as given. */
  readonly path: string;
  /** Base name for the result's file. */
  readonly name: string;
  readonly blob: Blob;
}

/** A file can't be read. */
export class FileUnreadable extends CoatcheckError {
  override readonly name = 'FileUnreadable';
  readonly code = 'file_unreadable';

  constructor(path: string, problem: unknown) {
    super(`Can't read ${path}: ${problem instanceof Error ? problem.message : problem}`);
  }
}

/** The base name for the result's file. */
export function nameOf(path: string): string {
  return path === STANDARD_INPUT ? 'stdin' : basename(path);
}

/**
 * Opens files as payloads. A source that can't be read twice is copied to a temporary file, because an upload may be
 * retried. Disposing deletes the copies.
 */
export class PayloadFiles implements AsyncDisposable {
  readonly #signal: AbortSignal;
  #copies?: Promise<string>;
  #copied = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws FileUnreadable */
  async open(path: string): Promise<PayloadFile> {
    try {
      return { path, name: nameOf(path), blob: await this.#blob(path) };
    } catch (error) {
      this.#signal.throwIfAborted();
      throw error instanceof CoatcheckError ? error : new FileUnreadable(path, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#copies) await rm(await this.#copies, { recursive: true, force: true });
  }

  async #blob(path: string): Promise<Blob> {
    if (path === STANDARD_INPUT) return this.#copy(process.stdin);
    const found = await stat(path);
    if (found.isDirectory()) throw new FileUnreadable(path, 'it is a directory');
    const type = typeOfFile(path);
    return found.isFile() ? openAsBlob(path, { type }) : this.#copy(createReadStream(path), type);
  }

  async #copy(source: NodeJS.ReadableStream, type?: string): Promise<Blob> {
    this.#copies ??= mkdtemp(join(tmpdir(), 'coatcheck-'));
    const copy = join(await this.#copies, String(this.#copied++));
    await pipeline(source, createWriteStream(copy, { mode: 0o600 }), { signal: this.#signal });
    return openAsBlob(copy, { type });
  }
}
