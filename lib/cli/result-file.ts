import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RequestResult } from '../client/index.ts';
import { CoatcheckError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';

/** A result couldn't be downloaded or written completely. */
export class ResultUnsaved extends CoatcheckError {
  override readonly name = 'ResultUnsaved';
  readonly code = 'result_unsaved';

  constructor(id: string, where: string, cause: unknown) {
    const problem = messageOf(cause);
    super(`The result of ${id} couldn't be written to ${where}: ${problem}`, { cause });
  }
}

/**
 * Writes a result to a file. The file appears once it is complete.
 * @returns its size in bytes
 * @throws ResultUnsaved, the signal's reason
 */
export async function saveResult(
  id: string,
  result: RequestResult,
  file: string,
  signal: AbortSignal,
): Promise<number> {
  const partial = `${file}.part`;
  try {
    const target = createWriteStream(partial);
    await pipeline(Readable.fromWeb(result.stream()), target, { signal });
    await rename(partial, file);
    return target.bytesWritten;
  } catch (error) {
    await rm(partial, { force: true });
    signal.throwIfAborted();
    throw new ResultUnsaved(id, file, error);
  }
}
