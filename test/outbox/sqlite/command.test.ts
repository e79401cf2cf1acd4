import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { outboxRow, SQLITE_OUTBOX, SQLITE_OUTBOX_INSERT } from '../../../lib/outbox/index.ts';
import { coatcheck } from '../../support/coatcheck.ts';
import { eventually } from '../../support/eventually.ts';
import { QUEUES, WorkerFolder } from '../../support/worker-folder.ts';
import { DOUBLING_PROCESSOR, WorkerProcess } from '../../support/worker-process.ts';

const FROM = ['--from', 'sqlite:app.db', '--table', 'app_outbox'];

test('coatcheck outbox creates a table in a SQLite file, relays it, and shows what was refused', async () => {
  await using folder = await WorkerFolder.create();
  const cwd = folder.path;
  const outbox = (...args: readonly string[]) => coatcheck(['outbox', ...args, ...FROM], { cwd });
  const database = new DatabaseSync(join(cwd, 'app.db'));
  onTestFinished(() => database.close());
  database.exec('PRAGMA journal_mode = WAL');

  expect((await outbox('status')).stderr).toContain(
    'npx coatcheck outbox table --create --from sqlite:app.db',
  );
  expect(await outbox('table')).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('CREATE TABLE IF NOT EXISTS "app_outbox"'),
  });
  expect(await outbox('table', '--create')).toMatchObject({ exitCode: 0 });
  expect((await outbox('status')).stdout).toBe('0 waiting; 0 refused\n');

  const insert = database.prepare(
    'INSERT INTO app_outbox (id, aggregatetype, aggregateid, type, payload) VALUES (?, ?, ?, ?, ?)',
  );
  const add = (payload: unknown, change = {}) => {
    const {
      id,
      aggregatetype,
      aggregateid,
      type,
      payload: message,
    } = {
      ...outboxRow(payload, { orderingKey: 'a' }),
      ...change,
    };
    insert.run(id, aggregatetype, aggregateid, type, message);
    return id;
  };
  const first = add({ number: 21 });
  const malformed = add({ number: 1 }, { payload: 'not the request' });
  const behind = add({ number: 4 });
  const to = ['--to', QUEUES.COATCHECK_INPUT];
  using running = new WorkerProcess(cwd, ['relay', ...FROM, ...to], { COATCHECK_ORDER: 'fifo' }, 'outbox');
  await running.started();
  const worker = folder.run([DOUBLING_PROCESSOR], { ...QUEUES, COATCHECK_ORDER: 'fifo' });
  await worker.started();
  expect((await folder.outcomes(1)).map(({ subject, data }) => [subject, data])).toEqual([
    [first, { double: 42 }],
  ]);

  await eventually(async () =>
    expect(JSON.parse((await outbox('status', '--json')).stdout)).toMatchObject({
      waiting: 1,
      refused: 1,
      refusedRows: [
        { id: malformed, aggregateid: 'a', behind: 1, insertedAt: expect.stringMatching(/^20.*Z$/) },
      ],
    }),
  );
  expect((await outbox('retry', malformed)).stdout).toBe('1 put back\n');
  await eventually(async () =>
    expect(JSON.parse((await outbox('status', '--json')).stdout)).toMatchObject({ refused: 1 }),
  );
  expect(await outbox('drop', behind)).toMatchObject({
    exitCode: 1,
    stdout: '0 dropped\n',
    stderr: expect.stringContaining('1 of the ids given is not of a refused row'),
  });
  expect((await outbox('drop', malformed)).stdout).toBe('1 dropped\n');
  expect((await folder.outcomes(1)).map(({ subject }) => subject)).toEqual([behind]);
  expect(database.prepare('SELECT id FROM app_outbox').all()).toEqual([]);
  running.child.kill('SIGTERM');
  expect(await running.exit()).toBe(0);
});

test('a relay waits for a file that the application has still to create, and for its table', async () => {
  await using folder = await WorkerFolder.create();
  const args = ['relay', '--from', 'sqlite:app.db', '--to', QUEUES.COATCHECK_INPUT];
  using running = new WorkerProcess(folder.path, args, {}, 'outbox');
  const waits = 'The SQLite file of the outbox is not there yet; waiting for it';
  await eventually(() => expect(running.logged(waits)).toMatchObject([{ file: 'app.db' }]));
  const database = new DatabaseSync(join(folder.path, 'app.db'), { timeout: 5_000 });
  onTestFinished(() => database.close());
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE other (id TEXT)');
  database.exec(SQLITE_OUTBOX);
  database.prepare(SQLITE_OUTBOX_INSERT).run(...Object.values(outboxRow({ number: 21 })));
  await eventually(() => expect(database.prepare('SELECT id FROM outbox').all()).toEqual([]));
  running.child.kill('SIGTERM');
  expect(await running.exit()).toBe(0);
});

test.each([
  [['--from', 'sqlite:none.db'], 'there is no file none.db'],
  [['--from', 'mysql://u:secret@db/a'], 'or a SQLite file, such as sqlite:folder/app.db'],
  [['--from', 'sqlite:none.db', '--table', 'app.outbox'], 'must be a name of letters, digits and _'],
])('coatcheck outbox explains what is wrong: %s', async (args, problem) => {
  const { exitCode, stderr } = await coatcheck(['outbox', 'status', ...args]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain(problem);
});
