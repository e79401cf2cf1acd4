import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Service } from './service.ts';

/** A function of 5 seconds. */
const service = new Service('E2e-cloudevents');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coatcheck-slices-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('work of 60 slices goes on over invocations and kills: each kill repeats one slice', async () => {
  const log = join(folder, 'slices');
  await writeFile(log, '');
  const [count, kills] = [60, [7, 41]];
  await service.send(service.ask('slices-1', { do: 'slices', count, milliseconds: 150, kills, log }));

  const { data } = await service.event('slices-1');
  expect(data).toEqual({ sum: (count * (count - 1)) / 2, attempt: 1 + kills.length });
  const slices = (await readFile(log, 'utf8')).trim().split('\n').map(Number);
  const expected = Array.from({ length: count }, (_, slice) =>
    kills.includes(slice) ? [slice, slice] : [slice],
  );
  expect(slices).toEqual(expected.flat());
  expect(await service.record('slices-1')).toMatchObject({
    status: 'succeeded',
    attempts: 1 + kills.length,
    checkpoint: { number: count },
  });
});
