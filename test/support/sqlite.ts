import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ReceivedMessage } from '../../lib/core/model/received-message.ts';
import type { InputQueue } from '../../lib/core/ports/message-source.ts';
import { SqliteFile, type SqliteOptions } from '../../lib/stores/sqlite/sqlite-file.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A new SQLite file, with a way to open it again as another process does. Both end with the test. */
export async function openSqlite(options?: SqliteOptions) {
  const path = join(await temporaryFolder(), 'coatcheck.db');
  const open = async () => {
    const file = await SqliteFile.open(path, options);
    onTestFinished(() => file[Symbol.asyncDispose]());
    return file;
  };
  return { path, file: await open(), open };
}

/** What a queue in a file can deliver now. */
export async function receiveNow(queue: InputQueue, max: number): Promise<readonly ReceivedMessage[]> {
  const waiting = new AbortController();
  // A queue in a file looks for messages before it waits.
  const receiving = queue.receive(max, waiting.signal);
  waiting.abort();
  return receiving;
}
