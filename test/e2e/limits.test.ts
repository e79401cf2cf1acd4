import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { Service } from './service.ts';

const service = new Service('E2e-cloudevents');

async function limit(method: 'GET' | 'PUT' | 'DELETE', value: string, json?: unknown) {
  const response = await service.call(method, `/v1/limits/metadata.lane?value=${value}`, { json });
  expect(response.status).toBe(200);
  return response.json();
}

test('requests of a key run one at a time, and all succeed', async () => {
  const log = join(await temporaryFolder(), 'log');
  await writeFile(log, '');
  const headers = { 'Coatcheck-Metadata-Lane': 'one' };
  const behaviour = { do: 'stay', milliseconds: 100, log } as const;
  const submitted = await Promise.all(Array.from({ length: 6 }, () => service.submit(behaviour, headers)));
  for (const { id } of submitted) expect((await service.event(id)).type).toMatch(/succeeded$/);
  expect(await readFile(log, 'utf8')).toMatch(/^(?:\(\)){6,}$/);
  for (const { id } of submitted) expect(await service.record(id)).toMatchObject({ attempts: 1 });
  await eventually(async () => expect(await limit('GET', 'one')).toMatchObject({ running: 0, waiting: 0 }));
});

test('no more are accepted than may wait, until the limit is changed', async () => {
  // They wait for the rest of the tests.
  const notBefore = new Date(Date.now() + 880_000).toISOString();
  const headers = { 'Coatcheck-Metadata-Lane': 'two', 'Coatcheck-Not-Before': notBefore };
  const submit = async () => {
    const response = await service.call('POST', '/v1/requests', { json: { do: 'echo', value: 1 }, headers });
    return response.status;
  };
  await limit('PUT', 'two', { maxWaiting: 2 });
  expect([await submit(), await submit(), await submit()]).toEqual([202, 202, 429]);
  expect(await limit('DELETE', 'two')).toMatchObject({ maxWaiting: 6, waiting: 2 });
  expect(await submit()).toBe(202);
});
