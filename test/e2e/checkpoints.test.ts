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

test('work of 60 slices goes on over invocations and kills: each attempt repeats at most one slice', async () => {
  const log = join(folder, 'slices');
  await writeFile(log, '');
  const [count, kills] = [60, [7, 41]];
  await service.send(service.ask('slices-1', { do: 'slices', count, milliseconds: 150, kills, log }));

  const { data } = await service.event('slices-1');
  const { attempt = 0 } = data as { readonly attempt?: number };
  expect(data).toEqual({ sum: (count * (count - 1)) / 2, attempt });
  const slices = (await readFile(log, 'utf8')).trim().split('\n').map(Number);
  expect([...new Set(slices)]).toEqual(Array.from({ length: count }, (_, slice) => slice));
  expect(slices).toEqual(slices.toSorted((a, b) => a - b));
  const repeated = slices.filter((slice, place) => slice === slices[place - 1]);
  expect(repeated).toEqual(expect.arrayContaining(kills));
  // On a slow machine, an attempt may also be killed by the timeout of the function.
  expect(attempt).toBeGreaterThan(kills.length);
  expect(repeated.length).toBeLessThan(attempt);
  expect(await service.record('slices-1')).toMatchObject({
    status: 'succeeded',
    attempts: attempt,
    checkpoint: { number: count },
  });
});
