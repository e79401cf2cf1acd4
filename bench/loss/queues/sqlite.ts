import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteBroker } from '../../../lib/stores/sqlite/sqlite-broker.ts';
import { QUEUES } from '../job.ts';
import type { Queues } from './queues.ts';

/** Queues in a file: messages are sent by Coatcheck, which alone can do it, and read by SQLite itself. */
export async function startSqliteQueues(folder: string): Promise<Queues> {
  const path = join(folder, 'queues.db');
  const urlOf = (queue: string) => `sqlite:${path}?queue=${queue}`;
  const broker = new SqliteBroker(Date);
  const input = await broker.openOutput(new URL(urlOf(QUEUES.input)));
  const bodiesIn = (queue: string) => {
    const database = new DatabaseSync(path, { readOnly: true });
    const rows = database.prepare('SELECT body FROM messages WHERE queue = ?').all(queue);
    database.close();
    return rows.map(({ body }) => String(body));
  };
  return {
    broker: undefined,
    urlOf,
    submit: async ({ id, body }) => {
      const attributes = { RequestId: { type: 'String', value: id } };
      const [result] = await input.send([{ body, attributes }]);
      if (!result?.sent) throw new Error('The message was refused');
    },
    published: async () => bodiesIn(QUEUES.output),
    unsettled: async () => bodiesIn(QUEUES.input),
    [Symbol.asyncDispose]: async () => {
      await input[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}
