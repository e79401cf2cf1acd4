import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { coatcheck, coatcheckOnTerminal } from '../support/coatcheck.ts';
import { openServedService } from '../support/served-service.ts';

const BUCKET_SECONDS = 300;

/** A service that had one request in its first bucket, and three in its last, of which one failed. */
async function setUp() {
  const { clock, url, service } = await openServedService(async (request) => {
    if ((await request.text()) === 'fail') throw new PermanentError('no');
  });
  const ended = async (payload: string) => service.wait((await service.submit(payload)).id);
  await ended('one');
  clock.advanceSeconds(11 * BUCKET_SECONDS);
  for (const payload of ['two', 'three', 'fail']) await ended(payload);
  return ['activity', '--hours', '1', '--api', url];
}

test('a pipe gets a line for each bucket, and JSON all of it', async () => {
  const line = await setUp();
  const { exitCode, stdout, stderr } = await coatcheck(line);
  expect([exitCode, stderr]).toEqual([0, '']);
  const rows = stdout.trimEnd().split('\n');
  expect(rows).toHaveLength(12);
  expect(rows.filter((row) => /[1-9]\t|\t[1-9]/.test(row.slice(row.indexOf('\t'))))).toEqual([
    '2026-01-31T12:00:00.000Z\t1\t1\t0\t0\t0',
    '2026-01-31T12:55:00.000Z\t3\t2\t1\t0\t0',
  ]);
  const json: unknown = JSON.parse((await coatcheck([...line, '--json'])).stdout);
  expect(json).toMatchObject({
    from: '2026-01-31T12:00:00.000Z',
    to: '2026-01-31T12:55:00.000Z',
    bucketSeconds: BUCKET_SECONDS,
  });
});

test('a terminal gets the counts with a line of bars', async () => {
  const { stdout } = await coatcheckOnTerminal(await setUp(), { columns: 100 });
  const table = stripVTControlCharacters(stdout);
  expect(table).toMatch(/^requests +count +most in 5 min +last 1 h$/m);
  expect(table).toMatch(/^submitted +4 +3 +▃ {10}█$/m);
  expect(table).toMatch(/^succeeded +3 +2 +▄ {10}█$/m);
  expect(table).toMatch(/^failed +1 +1 +█$/m);
  expect(table).toMatch(/^expired +0 +0$/m);
});

test('more hours than are counted are refused by the API', async () => {
  const { url } = await openServedService(undefined);
  const { exitCode, stderr } = await coatcheck(['activity', '--hours', '25', '--api', url]);
  expect(exitCode).toBe(1);
  expect(stderr).toContain('hours');
  expect(stderr).toContain('24');
});
