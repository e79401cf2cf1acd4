import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { bearer, CoatcheckClient } from 'coatcheck/client';
import { expect, onTestFinished, test } from 'vitest';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { openParts } from '../../lib/embedded/open-service.ts';
import { Service } from '../../lib/embedded/service.ts';
import { createServiceApi } from '../../lib/embedded/service-api.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const BASE_URL = 'http://127.0.0.1:1234';
const OPERATOR = 'o'.repeat(32);
const HOUR = 3_600_000;

const inAnHour = () => new Date(Date.now() + HOUR);

/** A process with the file open. */
async function start(file: string) {
  const started: string[] = [];
  const logger = new CollectingLogger();
  const parts = await openParts({ file, logger, graceSeconds: 0 }, Date);
  const processor = defineProcessor(async (request) => {
    started.push(request.id);
  });
  const service = new Service({ ...parts, processor });
  onTestFinished(() => service.close());
  return { service, parts, logger, started };
}

const newFile = async () => join(await temporaryFolder(), 'service.db');

/** Waits until a process knows of a pause. */
const isPaused = ({ logger }: { readonly logger: CollectingLogger }) =>
  eventually(async () => {
    expect(logger.lines.map(({ message }) => message)).toContain('Processing pauses: an operator paused it');
  });

test('while an operator pauses processing, requests are accepted and wait', async () => {
  const opened = await start(await newFile());
  const { service, started } = opened;
  await service.pause.start({ until: inAnHour(), reason: 'the database moves' }, 'Ann');
  await isPaused(opened);
  const { id } = await service.submit('one');
  const view = await service.request(id);
  expect(view).toMatchObject({ status: 'queued', why: expect.stringContaining('the database moves') });
  expect(started).toEqual([]);
  await service.pause.end();
  expect(await service.wait(id)).toMatchObject({ status: 'succeeded' });
  expect(started).toEqual([id]);
});

test('a pause holds for a process that starts later, and for all that have the file open', async () => {
  const file = await newFile();
  const first = await start(file);
  await first.service.pause.start({ until: inAnHour(), reason: 'a migration' });
  await isPaused(first);
  const { id } = await first.service.submit('one');
  await first.service.close();
  const [second, third] = [await start(file), await start(file)];
  await Promise.all([isPaused(second), isPaused(third)]);
  await second.service.pause.end();
  await third.service.wait(id);
  expect([...first.started, ...second.started, ...third.started]).toEqual([id]);
});

test('a pause ends at its time, by itself, also after a restart', async () => {
  const file = await newFile();
  const first = await start(file);
  const until = Date.now() + 3_000;
  await first.service.pause.start({ until: new Date(until), reason: 'a migration' });
  await isPaused(first);
  const { id } = await first.service.submit('one');
  await first.service.close();
  const second = await start(file);
  await second.service.wait(id);
  expect(Date.now()).toBeGreaterThanOrEqual(until);
  expect(second.started).toEqual([id]);
  expect(await second.service.pause.get()).toBeUndefined();
});

test('operators pause and resume by the API, and all callers see why', async () => {
  const { service, parts, logger } = await start(await newFile());
  const apiKeys = { operators: [OPERATOR], callers: ['c'.repeat(32)] };
  const app = createServiceApi({ ...parts, baseUrl: BASE_URL, transferKey: randomBytes(32), apiKeys });
  const clientOf = (key: string) =>
    new CoatcheckClient({
      baseUrl: BASE_URL,
      fetch: async (input, init) => app.fetch(new Request(input, init)),
      auth: bearer(key),
      retry: { attempts: 1 },
    });
  const [operator, caller] = [clientOf(OPERATOR), clientOf('c'.repeat(32))];
  const until = inAnHour();
  const pause = await operator.pause({ until, reason: 'a migration' });
  expect(pause).toEqual({
    until: until.toISOString(),
    reason: 'a migration',
    since: expect.any(String),
    by: expect.stringMatching(/^key [\da-f]{8}$/),
  });
  expect((await operator.serviceStatus()).pause).toEqual(pause);
  const { by: _, ...seen } = pause;
  expect((await caller.serviceStatus()).pause).toEqual(seen);
  await expect(caller.resume()).rejects.toMatchObject({ code: 'operator_required' });
  expect(await operator.resume()).toEqual(pause);
  expect(await operator.resume()).toBeUndefined();
  expect(await operator.serviceStatus()).not.toHaveProperty('pause');
  expect(await service.pause.get()).toBeUndefined();
  expect(logger.lines).toContainEqual(
    expect.objectContaining({
      message: 'An operator paused processing',
      fields: expect.objectContaining({ by: pause.by }),
    }),
  );
});
