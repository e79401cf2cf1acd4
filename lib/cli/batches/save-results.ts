import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { CoatcheckClient } from '../../client/index.ts';
import { CoatcheckError } from '../../core/base/errors.ts';
import { note } from '../../terminal/output.ts';
import { ContentUnsaved } from '../content-file.ts';

/** Writes the results of a batch to a file, which appears once it is complete. @throws ContentUnsaved, ApiError, ConnectionFailed */
export async function saveResults(
  id: string,
  file: string,
  { batches }: CoatcheckClient,
  signal: AbortSignal,
): Promise<void> {
  const partial = `${file}.part`;
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const line of batches.resultLines(id, { signal })) {
      count++;
      yield `${line}\n`;
    }
  }
  try {
    await pipeline(Readable.from(lines()), createWriteStream(partial), { signal });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    signal.throwIfAborted();
    throw error instanceof CoatcheckError ? error : new ContentUnsaved(`result of ${id}`, file, error);
  }
  note(`${file}: ${count} lines`);
}
