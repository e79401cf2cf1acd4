import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CoatcheckError } from '../../core/base/errors.ts';
import { typeOfFile } from '../media-types.ts';

/** How standard input is written in place of a file. */
export const STANDARD_INPUT = '-';

/** A payload to submit. It is read when it is sent, and never whole. */
export interface PayloadFile {
  /** As it was given. */
  readonly path: string;
  /** What its result is named after. */
  readonly name: string;
  readonly blob: Blob;
}

/** A file can't be read. */
class FileUnreadable extends CoatcheckError {
  readonly code = 'file_unreadable';

  constructor(path: string, problem: unknown) {
    super(`${path} can't be read: ${problem instanceof Error ? problem.message : problem}`);
  }
}

/** What the result of a file is named after. */
export function nameOf(path: string): string {
  return path === STANDARD_INPUT ? 'stdin' : basename(path);
}

/** Payloads by their files. What can't be read twice, as an upload may have to be, is copied until this is disposed of. */
export class PayloadFiles implements AsyncDisposable {
  readonly #signal: AbortSignal;
  #copies?: Promise<string>;
  #copied = 0;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** @throws FileUnreadable before anything is submitted */
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
    if (found.isDirectory()) throw new FileUnreadable(path, 'it is a folder');
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
