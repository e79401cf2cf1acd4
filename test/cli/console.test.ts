import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { CoatcheckClient } from 'coatcheck/client';
import { expect, test } from 'vitest';
import { cliService } from '../support/cli-service.ts';
import { coatcheck, interrupt, startCoatcheck } from '../support/coatcheck.ts';

/** Starts a console. */
async function startConsole(...args: readonly string[]) {
  const child = startCoatcheck(['console', ...args]);
  if (!child.stdout) throw new Error('The console has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  const start = new URL(await line());
  const answer = await fetch(start);
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
  const open = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, start), { redirect: 'manual', ...init, headers: { cookie, ...init.headers } });
  return { child, line, open, start };
}

const FORM = {
  method: 'POST',
  headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' },
};

test('a console shows requests, acts if that is allowed, prints what was done, and stops', async () => {
  const { url } = await cliService();
  const { child, line, open, start } = await startConsole('--api', url, '--allow-actions');
  expect(start.hostname).toBe('127.0.0.1');
  const { id } = await new CoatcheckClient({ baseUrl: url }).submit('wait');
  const page = await (await open(`/requests/${id}`)).text();
  expect(page).toContain(`npx coatcheck cancel ${id} --api ${url}`);
  expect(page).toContain('curl -X POST --aws-sigv4');
  expect(page).toContain('is recorded in the output of coatcheck console.');
  const cancelled = await open(`/requests/${id}/cancel`, FORM);
  const location = cancelled.headers.get('location');
  expect([cancelled.status, location]).toEqual([303, `../../requests/${id}`]);
  expect(await line()).toMatch(/^\d{4}-[\dT:.-]+Z\tdone: POST \/requests\/[\w-]+\/cancel$/);
  interrupt(child);
  await once(child, 'close');
  expect(child.exitCode).toBe(0);
});

test('a console is read-only by default', async () => {
  const { url } = await cliService();
  const { open } = await startConsole('--api', url);
  expect((await open('/requests/a/cancel', FORM)).status).toBe(403);
  expect(await (await open('/')).text()).toContain('Read-only');
});

test('a port that is in use is named', async () => {
  const { url } = await cliService();
  const { port } = new URL(url);
  const { exitCode, stderr } = await coatcheck(['console', '--api', url, '--port', port]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining(`Port ${port} of 127.0.0.1 can't be used`)]);
});
