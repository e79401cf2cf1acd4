/** Holds the write lock of a SQLite file. On a message, it frees it after longer than a relay would be blocked. */

import { DatabaseSync } from 'node:sqlite';

const [path = ''] = process.argv.slice(2);
const database = new DatabaseSync(path, { timeout: 5_000 });
database.exec('BEGIN EXCLUSIVE');
process.on('message', () => {
  setTimeout(() => {
    database.exec('COMMIT');
    process.disconnect();
  }, 300);
});
process.send?.('locked');
