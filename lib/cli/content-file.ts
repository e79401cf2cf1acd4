import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RequestContent } from '../client/index.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';

/** A result or a payload couldn't be downloaded or written completely. */
export class ContentUnsaved extends CoatcheckError {
  override readonly name = 'ContentUnsaved';
  readonly code = 'content_unsaved';

  constructor(what: string, where: string, cause: unknown) {
    const problem = messageOf(cause);
    super(`The ${what} couldn't be written to ${where}: ${problem}`, { cause });
  }
}

/**
 * Writes a result or a payload to a file. The file appears once it is complete.
 * @param what such as `result of ID`
 * @returns its size in bytes
 * @throws ContentUnsaved, the signal's reason
 */
export async function saveContent(
  what: string,
  content: RequestContent,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  const partial = `${file}.part`;
  try {
    const target = createWriteStream(partial);
    await pipeline(Readable.fromWeb(content.stream()), target, { signal });
    await rename(partial, file);
    return target.bytesWritten;
  } catch (error) {
    await rm(partial, { force: true });
    signal.throwIfAborted();
    throw new ContentUnsaved(what, file, error);
  }
}
