import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-completions-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what a function writes by complete() is written once, whether it is killed before or after that', async () => {
  const log = join(folder, 'runs');
  await writeFile(log, '');
  const ends = { 'count-1': 'before', 'count-2': 'after' } as const;
  for (const [id, killed] of Object.entries(ends)) {
    await service.send(service.ask(id, { do: 'count', killed, log }));
    // One after another: a process that is killed takes all requests of its batch with it.
    const { data } = await service.event(id);
    expect(data).toEqual({ attempt: killed === 'before' ? 2 : 1 });
  }
  // The request whose process was killed after the commit wasn't run again.
  expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual(['count-1', 'count-1', 'count-2']);
  expect(await service.item('count')).toMatchObject({ requests: { N: '2' } });
});
