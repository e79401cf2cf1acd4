import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleFunction } from '../../bin/bundle-function.ts';
import { ACTION_ROUTES } from '../../lib/api/action-routes.ts';
import { BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import { openApiDocument } from '../../lib/api/openapi-document.ts';
import { SCHEDULE_ROUTES } from '../../lib/api/schedule-routes.ts';
import { API_AUTHS } from '../../lib/core/config/settings.ts';

let folder: string;
let files: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'api-bundle-'));
  await bundleFunction('api', folder);
  files = (await readdir(folder)).filter((file) => file.endsWith('.mjs'));
});
afterAll(() => rm(folder, { recursive: true }));

test('the bundle of the API has the OpenAPI documents, not what generates them', async () => {
  const [file = ''] = files.filter((name) => name.startsWith('openapi-document'));
  const bundled: typeof import('../../lib/api/openapi-document.ts') = await import(join(folder, file));
  for (const auth of API_AUTHS) {
    for (const more of [
      [],
      SCHEDULE_ROUTES,
      BATCH_ROUTES,
      [...SCHEDULE_ROUTES, ...BATCH_ROUTES],
      ACTION_ROUTES,
      [...SCHEDULE_ROUTES, ...ACTION_ROUTES],
      [...BATCH_ROUTES, ...ACTION_ROUTES],
      [...SCHEDULE_ROUTES, ...BATCH_ROUTES, ...ACTION_ROUTES],
    ]) {
      expect(bundled.openApiDocument(auth, more)).toEqual(
        JSON.parse(JSON.stringify(openApiDocument(auth, more))),
      );
    }
  }
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  expect(texts.some((text) => text.includes('UnknownZodTypeError'))).toBe(false);
});

test('the bundle of the API has no messages in other languages than English', async () => {
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  expect(texts.some((text) => text.includes('Invalid input'))).toBe(true);
  expect(texts.some((text) => text.includes('Ungültige'))).toBe(false);
});
