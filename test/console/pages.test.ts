import { Readable } from 'node:stream';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApiError } from '../../lib/client/index.ts';
import type { Action, FailureGroup, OperatorResources } from '../../lib/console/operator-resources.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import { type ConsoleService, manyRecords, openConsoleService } from '../support/console-service.ts';
import { eventually } from '../support/eventually.ts';

/** What a hostile sender writes into a payload, an error or a name. */
const HOSTILE = `"><script>document.title='taken'</script><img src=x onerror="document.title='taken'">\u0000\u001b[31m\u202e`;
const LONG_LINE = 'x'.repeat(2 ** 20);

const NOW = new Date().toISOString();

const GROUP: FailureGroup = {
  id: '0123456789abcdef',
  code: 'csv_invalid',
  message: HOSTILE,
  firstSeenAt: NOW,
  lastSeenAt: NOW,
  count: 1_284,
  tenants: [HOSTILE],
  note: { text: HOSTILE, by: 'mira', at: NOW },
};

/** What the API of the service doesn't have yet. */
function scriptedResources(calls: string[] = []): OperatorResources {
  const action: Action = {
    id: 'action-1',
    action: 'purge',
    filter: { failureGroup: GROUP.id },
    state: 'planned',
    count: 1_284,
    hash: 'hash-1',
    sample: [{ id: 'request-1', tenant: HOSTILE, status: 'failed' }],
    createdAt: NOW,
    createdBy: HOSTILE,
    progress: { handled: 0, done: 0, skipped: 0, failed: 0 },
  };
  const record = <Value>(call: string, value: Value) => {
    calls.push(call);
    return Promise.resolve(value);
  };
  return {
    ledger: async () => ({
      accepted: 12_345_678,
      ended: { succeeded: 12_345_000, failed: 600, cancelled: 50, expired: 20 },
      waiting: 5,
      running: 3,
      deadLettered: 600,
      drift: 0,
      at: NOW,
    }),
    failures: {
      list: () => Readable.from([GROUP]),
      get: async () => GROUP,
      requests: () => Readable.from([]),
      setNote: (id, text) => record(`note ${id} ${text}`, GROUP),
    },
    actions: {
      plan: ({ action: name, filter }) => record(`plan ${name} ${JSON.stringify(filter)}`, action),
      apply: (id, { hash, count }) => record(`apply ${id} ${hash} ${count}`, action),
      abort: (id) => record(`abort ${id}`, action),
      get: async () => action,
      list: () => Readable.from([action]),
    },
  };
}

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

/** A page with a session. What its console reports is collected: violations of the policy and errors of scripts. */
async function openPage({ startUrl, url }: ConsoleService, from: Browser = browser) {
  const page = await from.context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => void problems.push(String(error)));
  page.on('console', (message) => {
    if (!/status of (?:404|503)/.test(message.text())) problems.push(message.text());
  });
  await page.goto(startUrl);
  await page.waitForURL(`${url}/`);
  return { page, problems };
}

const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth');

const NARROW = { width: 320, height: 640, colorScheme: 'dark' } as const;
const WIDE = { width: 1280, height: 800, colorScheme: 'light' } as const;

/** Looks at a page on both screens. @param last on which its accessibility is checked */
async function inspect(page: Page, url: string, last: typeof NARROW | typeof WIDE): Promise<void> {
  await page.goto(url);
  for (const { width, height, colorScheme } of [last === NARROW ? WIDE : NARROW, last]) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    expect([url, width, await overflow(page)]).toEqual([url, width, 0]);
  }
  expect([url, await accessibilityProblems(page)]).toEqual([url, []]);
  expect(await page.title()).not.toBe('taken');
}

const LISTS = [
  '',
  'requests',
  'failures',
  'limits',
  'webhooks',
  'schedules',
  'batches',
  'operations',
  'service',
];

test('an empty service has all pages, and says what it lacks', async () => {
  await using service = await openConsoleService({
    resources: { ledger: undefined, failures: undefined, actions: undefined },
  });
  const { page, problems } = await openPage(service);
  for (const path of LISTS) await inspect(page, `${service.url}/${path}`, WIDE);
  await page.goto(`${service.url}/failures`);
  expect(await page.textContent('main')).toContain('Groups of failures are not available on this service.');
  await page.goto(`${service.url}/requests/none`);
  expect(await page.textContent('main')).toContain('request unknown');
  expect(problems).toEqual([]);
  await page.close();
});

test('hostile texts are shown as they are, and long ones cut', async () => {
  await using service = await openConsoleService({
    allowActions: true,
    limits: [{ key: 'tenant', concurrency: 5 }, { key: 'all' }],
    resources: scriptedResources(),
    handler: async (request) => {
      const text = await request.text();
      if (text === 'fail') throw new PermanentError(HOSTILE + LONG_LINE, { code: 'csv_invalid' });
      return new Response(HOSTILE + LONG_LINE, { headers: { 'content-type': 'text/html' } });
    },
  });
  const [failed, succeeded] = await Promise.all(
    ['fail', 'succeed'].map((text) => service.client.submit(text, { contentType: 'text/plain' })),
  );
  const endpoint = await service.client.webhookEndpoints.create({
    url: 'http://127.0.0.1:9/',
    description: HOSTILE,
  });
  await Promise.all([failed, succeeded].map((request) => service.client.wait(request?.id ?? '')));
  const { page, problems } = await openPage(service);
  const paths = [
    '',
    'requests',
    `requests/${failed?.id}`,
    `requests/${succeeded?.id}`,
    `requests/${succeeded?.id}/result`,
    'failures',
    `failures/${GROUP.id}`,
    `limits/tenant?value=${encodeURIComponent(HOSTILE)}`,
    `webhooks/${endpoint.id}`,
    'operations',
    'operations/action-1',
  ];
  for (const path of paths) await inspect(page, `${service.url}/${path}`, NARROW);
  await page.goto(`${service.url}/requests/${succeeded?.id}/result`);
  const shown = await page.textContent('pre');
  expect(shown).toContain(`"><script>document.title='taken'</script>`);
  expect(shown).toContain('\\u0000\\u001b[31m\\u202exxx');
  expect(shown?.length).toBeLessThan(100_000);
  expect(service.printed).toContain(`looked at the result of ${succeeded?.id}`);
  expect(problems).toEqual([]);
  await page.close();
});

test('of 100,000 requests, pages show the newest and lead to older ones', async () => {
  await using service = await openConsoleService();
  await service.write(manyRecords(100_000));
  const { page, problems } = await openPage(service);
  await inspect(page, `${service.url}/`, NARROW);
  await page.goto(`${service.url}/requests?status=failed`);
  expect(await page.textContent('main')).toContain('None of the requests that were looked at match');
  await page.goto(`${service.url}/requests`);
  const tickets = () => page.locator('tbody .ticket').allTextContents();
  expect((await tickets()).slice(0, 2)).toEqual(['request-99999', 'request-99998']);
  expect(await tickets()).toHaveLength(50);
  await page.getByRole('link', { name: 'Older' }).click();
  await eventually(async () => expect((await tickets())[0]).toBe('request-99949'));
  await page.getByRole('link', { name: 'Newest' }).click();
  await eventually(async () => expect((await tickets())[0]).toBe('request-99999'));
  expect(problems).toEqual([]);
  await page.close();
});

test('a caller that is no operator sees the rest', async () => {
  const refused = async () => {
    throw new ApiError({
      type: 'about:blank',
      title: 'operator required',
      status: 403,
      code: 'operator_required',
    });
  };
  await using service = await openConsoleService({ resources: { ledger: refused } });
  const { page } = await openPage(service);
  expect(await page.textContent('main')).toContain('Newest requests');
  expect(await page.textContent('main')).not.toContain('operator required');
  await page.close();
});

test('the keyboard is enough', async () => {
  await using service = await openConsoleService({ allowActions: true });
  const { id } = await service.client.submit('wait');
  const { page } = await openPage(service);
  await page.setViewportSize({ width: 1280, height: 800 });
  const focused = () => page.evaluate('document.activeElement.textContent.trim()');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the page');
  await page.keyboard.press('Enter');
  const tabTo = async (name: string) => {
    for (let presses = 0; presses < 40 && (await focused()) !== name; presses++)
      await page.keyboard.press('Tab');
    expect(await focused()).toBe(name);
    await page.keyboard.press('Enter');
  };
  await tabTo(id);
  await page.waitForURL(`${service.url}/requests/${id}`);
  await tabTo('Cancel this request');
  await eventually(async () => expect((await service.client.status(id)).status).toBe('cancelled'));
  await page.waitForSelector('.status:text("cancelled")');
  expect(service.printed).toContain(`done: POST /requests/${id}/cancel`);
  await page.close();
});

describe('a live page', () => {
  test('follows changes, keeps the focus, and rests while it is hidden', async () => {
    await using service = await openConsoleService();
    const { page, problems } = await openPage(service);
    await page.waitForSelector('#live-state[data-state="live"]');
    const first = await service.client.submit('one');
    await page.waitForSelector(`text=${first.id}`);
    await page.focus(`text=${first.id}`);
    const second = await service.client.submit('two');
    await page.waitForSelector(`text=${second.id}`);
    expect(await page.evaluate('document.activeElement.textContent')).toBe(first.id);
    await page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: true, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));`);
    expect(await page.textContent('#live-state')).toBe('Paused while the page is hidden');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('says that the service is down', async () => {
    await using service = await openConsoleService();
    const { page } = await openPage(service);
    await service.stopApi();
    await page.waitForSelector('text=The service does not answer');
    const answer = await page.goto(`${service.url}/requests`);
    expect(answer?.status()).toBe(503);
    expect(await page.textContent('main')).toContain('This page tries again every few seconds.');
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.close();
  });
});

test('a purge needs its count typed', async () => {
  const calls: string[] = [];
  await using service = await openConsoleService({ allowActions: true, resources: scriptedResources(calls) });
  const { page } = await openPage(service);
  await page.goto(`${service.url}/failures/${GROUP.id}`);
  await page.getByRole('button', { name: 'Plan: purge all' }).click();
  await page.waitForURL(`${service.url}/operations/action-1`);
  const purge = async (typed: string) => {
    await page.fill('input[name=typed]', typed);
    await page.getByRole('button', { name: 'Purge 1,284 requests' }).click();
  };
  await purge('1');
  await page.waitForSelector('text=Type 1,284, the number of requests, to confirm.');
  await page.goto(`${service.url}/operations/action-1`);
  await purge('1,284');
  await eventually(() =>
    expect(calls).toEqual([`plan purge {"failureGroup":"${GROUP.id}"}`, 'apply action-1 hash-1 1284']),
  );
  await page.close();
});

test('limits are changed live', async () => {
  await using service = await openConsoleService({
    allowActions: true,
    limits: [{ key: 'tenant', concurrency: 5 }],
  });
  const { page } = await openPage(service);
  await page.goto(`${service.url}/limits`);
  await page.fill('input[name=value]', 'acme');
  await page.getByRole('button', { name: 'Look' }).click();
  await page.fill('input[name=concurrency]', '1,000');
  await page.fill('input[name=rate]', '100/min');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await page.waitForSelector('dd:text("0 of 1,000")');
  expect(await service.client.limits.get('tenant', 'acme')).toMatchObject({
    concurrency: 1_000,
    rate: '100/min',
  });
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.waitForSelector('dd:has(time)');
  await page.getByRole('button', { name: 'Reset' }).click();
  await page.waitForSelector('dd:text("0 of 5")');
  await page.fill('input[name=rate]', 'much');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await page.waitForSelector('text=such as 100/min, got much');
  await page.close();
});
