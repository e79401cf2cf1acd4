import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { SqliteInputQueue } from '../../../lib/stores/sqlite/input-queue.ts';
import { SqliteOutputQueue } from '../../../lib/stores/sqlite/output-queue.ts';
import { SqliteRecordStore } from '../../../lib/stores/sqlite/record-store.ts';
import { eventually } from '../../support/eventually.ts';
import { killAfterLines } from '../../support/kill-after-lines.ts';
import { openSqlite, receiveNow } from '../../support/sqlite.ts';

const clock = { now: Date.now };

test.each(['full', 'normal'])(
  'processes that are killed while they write lose nothing that was confirmed (%s)',
  async (synchronous) => {
    const { path, file } = await openSqlite();
    const killed = ['a', 'b'].map((name) =>
      killAfterLines('sqlite-writer.ts', [path, synchronous, name], 100),
    );
    const confirmed = (await Promise.all(killed)).flat();
    expect(file.statement('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const records = new SqliteRecordStore(file);
    const stored = await Promise.all(confirmed.map((id) => records.read({ id, source: '' })));
    expect(stored.filter((record) => record === undefined)).toEqual([]);
    const queue = new SqliteInputQueue(file, { queue: 'in', visibilitySeconds: 60, clock });
    const bodies = (await receiveNow(queue, 100_000)).map(({ body }) => body);
    expect(new Set(bodies).size).toBe(bodies.length);
    expect(confirmed.filter((id) => !bodies.includes(id))).toEqual([]);
  },
);

test('processes that share a queue receive each message once', async () => {
  const { path, file } = await openSqlite({ synchronous: 'normal' });
  const program = join(import.meta.dirname, '../../support/programs/sqlite-consumer.ts');
  const lines: string[] = [];
  const consumers = [1, 2].map(() =>
    spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  onTestFinished(() => {
    for (const consumer of consumers) consumer.kill('SIGKILL');
  });
  for (const { stdout } of consumers) createInterface(stdout).on('line', (line) => lines.push(line));
  await eventually(() => expect(lines).toEqual(['ready', 'ready']));
  const bodies = Array.from({ length: 200 }, (_, nth) => `body ${nth}`);
  const queue = new SqliteOutputQueue(file, 'in', clock);
  for (const body of bodies) await queue.send([{ body, attributes: {} }]);
  await eventually(() => expect(lines.length).toBeGreaterThanOrEqual(202));
  expect(lines.slice(2).toSorted()).toEqual(bodies.toSorted());
  expect(file.statement('SELECT count(*) AS count FROM messages').get()).toEqual({ count: 0 });
});
