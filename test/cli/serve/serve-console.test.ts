import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { bearer, CoatcheckClient } from 'coatcheck/client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { accessibilityProblems, type Browser, startBrowser } from '../../support/browser.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { WorkerProcess } from '../../support/worker-process.ts';

const CALLER_KEY = 'c'.repeat(32);
const OPERATOR_KEY = 'o;='.repeat(12);
const KEYS = { COATCHECK_API_KEYS: CALLER_KEY, COATCHECK_OPERATOR_KEYS: OPERATOR_KEY };

/** Starts `coatcheck serve`. */
async function serve(args: readonly string[], variables: Readonly<Record<string, string>> = {}) {
  const service = new WorkerProcess(
    await temporaryFolder(),
    args,
    { COATCHECK_PORT: '0', ...variables },
    'serve',
  );
  onTestFinished(() => service.kill());
  await service.started();
  return { service, url: service.apiUrl };
}

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

test('an operator signs in with a key, acts, and signs out', async () => {
  const { url, service } = await serve(['--console', 'actions'], KEYS);
  const client = new CoatcheckClient({ baseUrl: url, auth: bearer(CALLER_KEY) });
  const { id } = await client.submit('wait');
  const page = await browser.context.newPage();
  await page.setViewportSize({ width: 320, height: 640 });
  await page.goto(`${url}/console/requests/${id}?source=`);
  await page.waitForSelector('h1:text("Sign in")');
  expect(await page.locator('.problem').count()).toBe(0);
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  const enter = async (key: string) => {
    await page.fill('input[name=key]', key);
    await page.click('button:text-is("Sign in")');
  };
  await enter('wrong');
  await page.waitForSelector('text=This is no key of this service');
  await enter(CALLER_KEY);
  await page.waitForSelector('text=a key of a caller, who is no operator');
  expect(await page.context().cookies()).toEqual([]);
  await enter(OPERATOR_KEY);
  await page.waitForURL(`${url}/console/requests/${id}?source=`);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ path: '/', httpOnly: true, sameSite: 'Strict', secure: false });
  await page.click('button:text("Cancel this request")');
  await page.waitForSelector('.status:text("cancelled")');
  expect((await client.status(id)).status).toBe('cancelled');
  await eventually(() => expect(service.text).toMatch(/done: POST \/requests\/.*"caller":"key [0-9a-f]{8}"/));
  expect(service.text).not.toContain(OPERATOR_KEY);
  await page.goto(`${url}/console`);
  await page.waitForSelector('#live-state[data-state="live"]');
  await page.click('button:text-is("Sign out")');
  await page.waitForSelector('h1:text("Sign in")');
  expect(await page.context().cookies()).toEqual([]);
  await page.close();
});

test('the page Service fits a laptop, with long names and values of settings', async () => {
  const { url } = await serve(['--console'], {
    COATCHECK_WEBHOOK_ENDPOINTS: 'on',
    COATCHECK_LIMITS: '[{"key":"metadata.customer","concurrency":2}]',
  });
  const page = await browser.context.newPage();
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.goto(`${url}/console/service`);
  await page.waitForSelector('#settings >> text=variable COATCHECK_WEBHOOK_ENDPOINTS');
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  await page.close();
});

test('a session needs TLS unless only this machine reaches the console', async () => {
  const { url } = await serve(['--console'], KEYS);
  const form = new URLSearchParams({ key: OPERATOR_KEY, path: '//evil.example' });
  const signIn = (headers: Record<string, string>) =>
    fetch(`${url}/console/sign-in`, { method: 'POST', redirect: 'manual', body: form, headers });
  const own = await signIn({ 'sec-fetch-site': 'same-origin' });
  expect([own.status, own.headers.get('location')]).toEqual([303, './/evil.example']);
  expect(own.headers.get('set-cookie')).not.toContain('Secure');
  expect((await signIn({ origin: 'https://evil.example' })).status).toBe(403);
  const sent = request(`${url}/console/sign-in`, {
    method: 'POST',
    headers: {
      host: 'jobs.example.com',
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/x-www-form-urlencoded',
    },
  });
  sent.end(String(form));
  const [elsewhere]: IncomingMessage[] = await once(sent, 'response');
  elsewhere?.resume();
  expect(elsewhere?.headers['set-cookie']?.join()).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
});

test('without keys, the console is open to programs of this machine, says so, and is read-only by default', async () => {
  const { url } = await serve(['--console']);
  const page = await fetch(`${url}/console/now`);
  expect(await page.text()).toContain('Every program of this machine may use this console');
  const form = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
  const acted = await fetch(`${url}/console/limits/all`, { method: 'POST', headers: form });
  expect([acted.status, await acted.text()]).toEqual([
    403,
    expect.stringContaining('Start the service with --console actions'),
  ]);
  const submitted = await fetch(`${url}/v1/requests`, { method: 'POST', body: 'one' });
  const { id } = (await submitted.json()) as { readonly id: string };
  const request = await (await fetch(`${url}/console/requests/${id}`)).text();
  expect(request).toContain('read-only. Start the service with --console actions to change anything.');
  expect(request).toContain('is recorded in the log of coatcheck serve.');
  const foreign = await fetch(`${url}/console/now`, { headers: { origin: 'https://evil.example' } });
  expect(foreign.status).toBe(403);
});

test('there is no console by default', async () => {
  const { url } = await serve([]);
  expect((await fetch(`${url}/console/now`)).status).toBe(404);
});
