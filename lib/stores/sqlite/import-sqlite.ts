import { ConfigurationError } from '../../core/base/errors.ts';

/** @throws ConfigurationError when this Node has no SQLite */
export async function importSqlite(): Promise<typeof import('node:sqlite')> {
  try {
    return await import('node:sqlite');
  } catch (error) {
    throw new ConfigurationError(
      `Node ${process.version} lacks node:sqlite, which keeps records and queues in a file: use Node 24 or later`,
      { cause: error },
    );
  }
}
