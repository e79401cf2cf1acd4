import { constants, createReadStream } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { CoatcheckError } from '../../core/base/errors.ts';
import { messageOf } from '../../core/base/serialize-error.ts';
import { textLines } from '../../core/base/text-lines.ts';
import { STANDARD_INPUT } from '../submit/payload-files.ts';

/** A file of items can't be read. */
class ItemsUnreadable extends CoatcheckError {
  override readonly name = 'ItemsUnreadable';
  readonly code = 'items_unreadable';

  constructor(path: string, cause: unknown) {
    super(`Can't read lines of JSON from ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** @throws ItemsUnreadable, before there is a batch */
export async function assertReadable(path: string): Promise<void> {
  if (path === STANDARD_INPUT) return;
  try {
    await access(path, constants.R_OK);
    if ((await stat(path)).isDirectory()) throw new Error('it is a folder');
  } catch (error) {
    throw new ItemsUnreadable(path, error);
  }
}

/** The lines of a file, or of standard input. They are read as they are taken. @throws ItemsUnreadable */
export async function* itemLines(path: string, signal: AbortSignal): AsyncGenerator<string, void> {
  try {
    const input = path === STANDARD_INPUT ? process.stdin : createReadStream(path, { signal });
    yield* textLines(input);
  } catch (error) {
    signal.throwIfAborted();
    throw new ItemsUnreadable(path, error);
  }
}
