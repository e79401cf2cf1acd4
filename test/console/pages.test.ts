import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import { all } from '../support/all.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { AUDITED } from '../support/audited-ledger.ts';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import {
  type ConsoleService,
  manyRecords,
  type OpenConsole,
  openConsole,
  openConsoleService,
} from '../support/console-service.ts';
import { copyDeadLetter } from '../support/dead-letters.ts';
import { eventually } from '../support/eventually.ts';
import { ServedApi } from '../support/served-api.ts';

/** What a hostile sender writes into a payload, an error or a name. */
const HOSTILE = `"><script>document.title='taken'</script><img src=x onerror="document.title='taken'">\u0000\u001b[31m\u202e`;
const LONG_LINE = 'x'.repeat(2 ** 20);

/** Submits requests whose only attempt fails, and waits for their group. @returns its id */
async function deadLettered({ client }: ConsoleService, payloads: readonly string[]): Promise<string> {
  const requests = await Promise.all(
    payloads.map((payload) => client.submit(payload, { contentType: 'application/json' })),
  );
  await Promise.all(requests.map(({ id }) => client.wait(id)));
  return eventually(async () => {
    const plan = await client.actions.plan({
      action: 'purge',
      filter: { ids: requests.map(({ id }) => id) },
    });
    expect(plan.count).toBe(payloads.length);
    const [group] = await all(client.failures.list());
    return group?.id ?? '';
  });
}

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

/** A page with a session. What its console reports is collected: violations of the policy and errors of scripts. */
async function openPage({ startUrl, url }: OpenConsole, from: Browser = browser) {
  const page = await from.context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => void problems.push(String(error)));
  page.on('console', (message) => {
    if (!/status of (?:404|422|503)/.test(message.text())) problems.push(message.text());
  });
  await page.goto(startUrl);
  await page.waitForURL(`${url}/`);
  return { page, problems };
}

/** By how many pixels the page is wider than the window, or a table than its place. */
const overflow = (page: Page) =>
  page.evaluate(`(() => {
    const main = document.querySelector('main');
    const end = main.getBoundingClientRect().right - parseFloat(getComputedStyle(main).paddingRight);
    const tables = [...main.querySelectorAll('table')].map((each) => each.getBoundingClientRect().right - end);
    return Math.max(document.documentElement.scrollWidth - innerWidth, ...tables.map(Math.round), 0);
  })()`);

const NARROW = { width: 320, height: 640, colorScheme: 'dark' } as const;
const TABLET = { width: 768, height: 1024, colorScheme: 'light' } as const;
const WIDE = { width: 1280, height: 800, colorScheme: 'light' } as const;

/** Looks at a page on all screens. @param last on which its accessibility is checked */
async function inspect(page: Page, url: string, last: typeof NARROW | typeof WIDE): Promise<void> {
  await page.goto(url);
  for (const { width, height, colorScheme } of [TABLET, last === NARROW ? WIDE : NARROW, last]) {
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

test('an empty service has all pages', async () => {
  await using service = await openConsoleService();
  const { page, problems } = await openPage(service);
  for (const path of LISTS) await inspect(page, `${service.url}/${path}`, WIDE);
  await page.goto(`${service.url}/failures`);
  expect(await page.textContent('main')).toContain('No failures.');
  await page.goto(`${service.url}/requests`);
  expect(await page.textContent('#requests')).toContain('No requests yet.');
  await page.goto(`${service.url}/requests/none`);
  expect(await page.textContent('main')).toContain('request unknown');
  expect(problems).toEqual([]);
  await page.close();
});

test('pages about what a service lacks say so', async () => {
  await using api = await new ServedApi(new ApiHarness(() => ({}))).start();
  const client = new CoatcheckClient({ baseUrl: api.url, retry: { attempts: 1 } });
  await using opened = await openConsole(client, api.url, true);
  const { page, problems } = await openPage(opened);
  for (const [path, lacked] of [
    ['operations', 'Actions'],
    ['schedules', 'Schedules'],
    ['batches', 'Batches'],
  ]) {
    await inspect(page, `${opened.url}/${path}`, WIDE);
    expect(await page.textContent('main')).toContain(`${lacked} are not available on this service.`);
  }
  await page.goto(opened.url);
  expect(await page.textContent('main')).not.toContain('Unaccounted for');
  const { id } = await client.submit('one');
  await page.goto(`${opened.url}/requests/${id}`);
  expect(problems).toEqual([]);
  await page.close();
});

test('a ledger that an audit counted has its age', async () => {
  const harness = new ApiHarness(() => ({}));
  harness.ledger.latest = { ...AUDITED, accepted: 9, drift: 0, at: Date.now() - 3 * 3_600_000 };
  await using api = await new ServedApi(harness).start();
  const client = new CoatcheckClient({ baseUrl: api.url, retry: { attempts: 1 } });
  await using opened = await openConsole(client, api.url, true);
  const { page, problems } = await openPage(opened);
  await inspect(page, opened.url, NARROW);
  expect(await page.textContent('#ledger')).toMatch(
    /Counted by the audit of [\d: -]+ 3 h ago, which took 1\.2 min\./,
  );
  expect(await page.textContent('#health')).not.toContain('accounted for');
  harness.ledger.latest = AUDITED;
  await page.goto(opened.url);
  expect(await page.textContent('#health')).toContain('1 accepted requests are in no status');
  expect(problems).toEqual([]);
  await page.close();
});

test('hostile texts are shown as they are, and long ones cut', async () => {
  await using service = await openConsoleService({
    allowActions: true,
    limits: [{ key: 'tenant', concurrency: 5 }, { key: 'all' }],
    settings: { maxAttempts: 1 },
    handler: async (request) => {
      const text = await request.text();
      if (text === 'refuse') throw new PermanentError(HOSTILE + LONG_LINE, { code: 'csv_invalid' });
      if (text === 'fail') throw new Error(HOSTILE);
      return new Response(HOSTILE + LONG_LINE, { headers: { 'content-type': 'text/html' } });
    },
  });
  const [failed, succeeded] = await Promise.all(
    ['refuse', 'succeed'].map((text) => service.client.submit(text, { contentType: 'text/plain' })),
  );
  const endpoint = await service.client.webhookEndpoints.create({
    url: 'http://127.0.0.1:9/',
    description: HOSTILE,
  });
  await Promise.all([failed, succeeded].map((request) => service.client.wait(request?.id ?? '')));
  const group = await deadLettered(service, ['fail']);
  await service.client.failures.setNote(group, HOSTILE);
  const filter = { failureGroup: group };
  const plan = await service.client.actions.plan({ action: 'purge', filter, reason: HOSTILE });
  const { page, problems } = await openPage(service);
  const paths = [
    '',
    'requests',
    `requests/${failed?.id}`,
    `requests/${succeeded?.id}`,
    `requests/${succeeded?.id}/result`,
    'failures',
    `failures/${group}`,
    `limits/tenant?value=${encodeURIComponent(HOSTILE)}`,
    `webhooks/${endpoint.id}`,
    'operations',
    `operations/${plan.id}`,
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
  expect(await page.textContent('main')).toContain('None of these requests match. Older ones may');
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

test('columns that no row has anything in are left out, and with all of them a table fits', async () => {
  await using service = await openConsoleService({
    settings: { maxAttempts: 1 },
    handler: () => {
      throw new Error(`connect ETIMEDOUT ${'https://images.example.com/products/original.png '.repeat(9)}`);
    },
  });
  const { id } = await service.client.submit('one');
  await service.client.wait(id);
  const group = () =>
    eventually(async () => {
      const [first] = await all(service.client.failures.list());
      expect(first?.id).toBeDefined();
      return first?.id;
    });
  const { page, problems } = await openPage(service);
  const titles = () => page.locator('#failures thead th').allInnerTexts();
  await group();
  await page.goto(`${service.url}/failures`);
  expect(await titles()).toEqual(['Code', 'Requests', 'Last seen', 'First seen', 'Message']);
  const tenant = 'a-tenant-with-a-long-name';
  const topic = 'images.thumbnails.OfProductsWithManyColours';
  const request = await service.service.submit('two', { tenant, topic });
  await service.service.wait(request.id, { tenant });
  await eventually(async () => {
    await page.goto(`${service.url}/failures`);
    expect(await titles()).toEqual(['Code', 'Requests', 'Last seen', 'First seen', 'Tenants', 'Message']);
  });
  await inspect(page, `${service.url}/failures`, WIDE);
  await inspect(page, `${service.url}/failures/${await group()}`, WIDE);
  const outcome = page.locator('#requests td[data-title=Outcome] .cell').first();
  expect((await outcome.boundingBox())?.height).toBeLessThan(64);
  expect(problems).toEqual([]);
  await page.close();
});

test('a caller that is no operator sees the rest', async () => {
  await using service = await openConsoleService({ isOperator: false });
  const { page } = await openPage(service);
  expect(await page.textContent('main')).toContain('Newest requests');
  expect(await page.textContent('main')).not.toContain('operator required');
  await page.goto(`${service.url}/operations`);
  expect(await page.textContent('main')).toContain('operator required');
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

test('the page of a request shows each attempt, with its error and how long it took', async () => {
  let fails = true;
  await using service = await openConsoleService({
    handler: () => {
      if (fails) throw new RangeError('out of range');
    },
    settings: { maxAttempts: 2, retryCapSeconds: 1 },
    allowActions: true,
  });
  const { client } = service;
  const { id } = await client.submitJson('x');
  expect(await client.wait(id)).toMatchObject({ status: 'failed' });
  fails = false;
  await eventually(async () => expect(await service.service.redrive()).toBe(1));
  await eventually(async () => expect(await client.status(id)).toMatchObject({ status: 'succeeded' }));
  const { page, problems } = await openPage(service);
  await inspect(page, `${service.url}/requests/${id}`, WIDE);
  expect(await page.locator('.failure').count()).toBe(0);
  const titles = await page.locator('.story h3').allTextContents();
  expect(titles.slice(1, 5)).toEqual(['Attempt 1 failed', 'Attempt 2 failed', 'Redriven', 'Attempt 3']);
  const [, first] = await page.locator('.story li').allTextContents();
  expect(first).toMatch(/ · took .*RangeError: out of range/);
  expect(problems).toEqual([]);
  await page.close();
});

describe('the charts of the last hours', () => {
  /** Records of requests that were submitted at these times, and ended at once. */
  function* recordsAt(times: readonly number[], status: 'queued' | 'failed'): Generator<RequestRecord> {
    for (const [index, at] of times.entries()) {
      const request = { id: `${status}-${index}`, source: '' };
      yield { request, status, attempts: 0, createdAt: at, updatedAt: at };
    }
  }

  async function opened(count: number) {
    const service = await openConsoleService();
    const now = Date.now();
    const times = Array.from({ length: count }, (_, index) => now - index * 60_000);
    await service.write(recordsAt(times, 'queued'));
    const { page, problems } = await openPage(service);
    const chart = page.locator('.chart.submitted');
    return { service, page, problems, chart };
  }

  test.each([
    [0, 0],
    [1, 1],
    [300, 60],
  ])('%d requests are there when the page opens', async (count, bars) => {
    const { service, page, problems, chart } = await opened(count);
    await inspect(page, `${service.url}/`, NARROW);
    const shown = await chart.locator('rect').count();
    // The first and the last bucket are begun.
    expect(shown).toBeGreaterThanOrEqual(bars);
    expect(shown).toBeLessThanOrEqual(bars === 60 ? 61 : bars);
    expect(await chart.locator('title').textContent()).toBe('Submitted and ended');
    expect(await chart.locator('desc').textContent()).toContain(
      `${count} submitted, 0 ended in the last 6 h.`,
    );
    expect(await chart.locator('figcaption').textContent()).toContain(`${count} submitted`);
    await page.locator('details.counts summary').click();
    const table = await page.locator('#activity-counts').innerText();
    if (count === 0) expect(table).toContain('Nothing was submitted');
    else expect(table).toContain('Submitted');
    expect(problems).toEqual([]);
    await page.close();
    await service[Symbol.asyncDispose]();
  });

  test('follow changes, while the table stays open', async () => {
    const { service, page, problems, chart } = await opened(0);
    await page.locator('details.counts summary').click();
    const { id } = await service.client.submitJson('x');
    await service.client.cancel(id);
    await eventually(async () =>
      expect(await chart.locator('figcaption').textContent()).toContain('1 submitted, 1 ended'),
    );
    expect(await page.locator('details.counts').getAttribute('open')).not.toBeNull();
    await eventually(async () =>
      expect(await page.locator('#activity-counts tbody tr').allInnerTexts()).toHaveLength(1),
    );
    expect(problems).toEqual([]);
    await page.close();
    await service[Symbol.asyncDispose]();
  });
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

describe('an action', () => {
  let fails: boolean;
  const open = () =>
    openConsoleService({
      allowActions: true,
      settings: { maxAttempts: 1 },
      handler: async (request) => {
        const isBroken = (await request.text()).includes('broken');
        if (fails || isBroken) throw Object.assign(new Error('The printer is on fire'), { code: 'on_fire' });
        return 'printed';
      },
    });
  beforeEach(() => {
    fails = true;
  });

  test('redrives the failures of a group at a rate, after a canary', async () => {
    await using service = await open();
    const group = await deadLettered(service, ['{"page":1}', '{"page":2}', '{"page":3}']);
    fails = false;
    const { page, problems } = await openPage(service);
    await page.goto(`${service.url}/failures/${group}`);
    const form = page.locator('form:has(button:text-is("Plan a redrive"))');
    const plan = async (inputs: Readonly<Record<string, string>>) => {
      for (const [name, text] of Object.entries(inputs)) await form.locator(`input[name=${name}]`).fill(text);
      await form.locator('button').click();
    };
    await plan({ stopAbove: '20' });
    await page.waitForSelector('text=Fill in the share to try first, too');
    await page.goBack();
    await plan({ rate: '1,000', percent: '34', stopAbove: '20', reason: 'The fire is out' });
    await page.waitForSelector('h2:text("It would change")');
    expect(await page.locator('tbody .ticket').count()).toBe(3);
    await page.getByRole('button', { name: 'Redrive 3 requests' }).click();
    await page.waitForSelector('.status:text("succeeded")');
    const [action] = await all(service.client.actions.list());
    expect(action).toMatchObject({
      action: 'redrive',
      state: 'succeeded',
      filter: { failureGroup: group },
      rate: 1_000,
      canary: { percent: 34, stopAbovePercent: 20 },
      reason: 'The fire is out',
      progress: { handled: 3, done: 3 },
    });
    expect(await page.textContent('main')).toContain('stops if more than 20% of them fail again');
    await page.goto(`${service.url}/operations`);
    expect(await page.textContent('tbody')).toContain('The fire is out');
    expect(problems).toEqual([]);
    await page.close();
  });

  test('rehearses the failures of a group, and redrives those that would succeed', async () => {
    await using service = await open();
    const group = await deadLettered(service, ['{"page":1}', '{"broken":true}', '{"page":3}']);
    fails = false;
    const { page, problems } = await openPage(service);
    await page.goto(`${service.url}/failures/${group}`);
    await page.getByRole('button', { name: 'Plan a rehearsal' }).click();
    await page.waitForSelector('h2:text("It would run")');
    await page.getByRole('button', { name: 'Rehearse 3 requests' }).click();
    await page.waitForSelector('.status:text("succeeded")');
    expect((await page.textContent('main'))?.replaceAll(/\s+/g, ' ')).toContain('would fail: on_fire');
    await inspect(page, page.url(), WIDE);
    const [rehearsal] = await all(service.client.actions.list());
    expect(rehearsal).toMatchObject({ action: 'rehearse', progress: { done: 2, failed: 1, skipped: 0 } });
    await page.getByRole('button', { name: 'Plan a redrive of the 2 that would succeed' }).click();
    await page.getByRole('button', { name: 'Redrive 2 requests' }).click();
    await page.waitForSelector('.status:text("succeeded")');
    await eventually(async () => {
      const requests = await all(service.client.list());
      expect(requests.map(({ status }) => status).toSorted()).toEqual(['failed', 'succeeded', 'succeeded']);
    });
    await page.goto(`${service.url}/operations`);
    const operations = await page.locator('table').innerText();
    expect(operations).toMatch(/Handled\s+Failed[\s\S]+Rehearse\s+succeeded\s+3\s+3\s+1\s/);
    expect(problems).toEqual([]);
    await page.close();
  });

  test('purges only if its count is typed', async () => {
    await using service = await open();
    const group = await deadLettered(service, ['{}', '{}']);
    const { page } = await openPage(service);
    await page.goto(`${service.url}/failures/${group}`);
    await page.getByRole('button', { name: 'Plan a purge' }).click();
    const purge = async (typed: string) => {
      await page.fill('input[name=typed]', typed);
      await page.getByRole('button', { name: 'Purge 2 requests' }).click();
    };
    await purge('1');
    await page.waitForSelector('text=Type 2, the number of requests, to confirm, got 1');
    await page.goBack();
    await purge('2');
    await page.waitForSelector('.status:text("succeeded")');
    const left = await service.client.actions.plan({ action: 'purge', filter: { failureGroup: group } });
    expect(left.count).toBe(0);
    await page.close();
  });

  test('is aborted before it is applied', async () => {
    await using service = await open();
    await deadLettered(service, ['{}']);
    const { id } = await service.client.actions.plan({ action: 'redrive', filter: { status: 'failed' } });
    const { page } = await openPage(service);
    await page.goto(`${service.url}/operations/${id}`);
    await page.getByRole('button', { name: 'Drop the plan' }).click();
    await page.waitForSelector('.status:text("aborted")');
    expect(await service.client.actions.get(id)).toMatchObject({ state: 'aborted' });
    await page.close();
  });

  test('retries a request with another payload', async () => {
    await using service = await open();
    await deadLettered(service, ['{"broken":true}']);
    fails = false;
    const [request] = await all(service.client.list());
    const { page } = await openPage(service);
    await page.goto(`${service.url}/requests/${request?.id}`);
    expect(await page.locator('textarea').count()).toBe(0);
    expect(await page.textContent('#actions')).toContain(
      `npx coatcheck actions plan redrive ${request?.id} --api http`,
    );
    await page.getByRole('link', { name: 'Edit its payload' }).click();
    await page.fill('textarea', '{\n  "page": 1\n}');
    await page.getByRole('button', { name: 'Plan with this payload' }).click();
    await page.getByRole('button', { name: 'Retry 1 request' }).click();
    await page.locator('td .ticket').click();
    await page.waitForSelector('.status:text("succeeded")');
    expect(await page.textContent('#facts')).toContain(`Retry of${request?.id}`);
    await page.close();
  });

  test('names the request that one was retried as before', async () => {
    await using service = await open();
    await deadLettered(service, ['{}']);
    await copyDeadLetter(service.file, 0, Date.now());
    fails = false;
    const { actions } = service.client;
    const { page } = await openPage(service);
    for (const expected of [/New request: [\w-]{36}$/, /Retried before, as [\w-]{36}$/]) {
      const plan = await actions.plan({ action: 'retry', filter: { status: 'failed' } });
      await actions.apply(plan.id, plan);
      await actions.wait(plan.id);
      await page.goto(`${service.url}/operations/${plan.id}`);
      expect((await page.textContent('tbody tr'))?.trim()).toMatch(expected);
    }
    await page.close();
  });
});

test('an open batch says until when it is open, and is sealed', async () => {
  await using service = await openConsoleService({ allowActions: true });
  const { id, sealsAt = '' } = await service.client.batches.create({});
  const { page } = await openPage(service);
  await page.goto(`${service.url}/batches/${id}`);
  expect(await page.textContent('#batch')).toContain('Open until');
  expect(await page.locator(`#batch time[datetime="${sealsAt}"]`).count()).toBe(1);
  await page.getByRole('button', { name: 'Seal this batch' }).click();
  await eventually(async () => expect(await page.textContent('#batch .state')).toContain('completed'));
  expect(await page.getByRole('button', { name: 'Seal this batch' }).count()).toBe(0);
  expect((await service.client.batches.get(id)).sealsAt).toBeUndefined();
  await page.close();
});

test('lists of failures, batches and actions lead to older ones', async () => {
  await using service = await openConsoleService({
    settings: { maxAttempts: 1 },
    handler: async (request) => {
      const code = await request.text();
      throw new PermanentError(`Failed by ${code}`, { code });
    },
  });
  const { client, url } = service;
  for (let number = 1; number <= 51; number++) {
    const { id } = await client.submit(`cause_${number}`, { contentType: 'text/plain' });
    await client.wait(id);
    await client.batches.create({});
    await client.actions.plan({ action: 'purge', filter: { code: `cause_${number}` } });
  }
  const { page, problems } = await openPage(service);
  for (const list of ['failures', 'batches', 'operations']) {
    await page.goto(`${url}/${list}`);
    expect([list, await page.locator('tbody tr').count()]).toEqual([list, 50]);
    await page.getByRole('link', { name: 'Older' }).click();
    await page.waitForURL(/cursor=/);
    expect([list, await page.locator('tbody tr').count()]).toEqual([list, 1]);
    expect(await page.getByRole('link', { name: 'Older' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Newest' }).click();
    await page.waitForURL(`${url}/${list}`);
  }
  expect(problems).toEqual([]);
  await page.close();
});

test('the requests of a failure and of an action lead to more', async () => {
  await using service = await openConsoleService({
    settings: { maxAttempts: 1 },
    handler: async () => {
      throw new Error('The printer is on fire');
    },
  });
  const { client, url } = service;
  const group = await deadLettered(
    service,
    Array.from({ length: 51 }, (_, number) => `payload ${number}`),
  );
  const { id } = await client.actions.plan({ action: 'purge', filter: { failureGroup: group } });
  const { page, problems } = await openPage(service);
  for (const [path, next, first] of [
    [`failures/${group}`, 'Older', 'Newest'],
    [`operations/${id}`, 'Next', 'First'],
  ] as const) {
    await page.goto(`${url}/${path}`);
    const tickets = () => page.locator('#requests tbody .ticket').allTextContents();
    const shown = await tickets();
    expect([path, new Set(shown).size]).toEqual([path, 50]);
    await page.getByRole('link', { name: next }).click();
    await page.waitForURL(/cursor=/);
    const [last, ...others] = await tickets();
    expect(others).toEqual([]);
    expect(shown).not.toContain(last);
    expect(await page.getByRole('link', { name: next }).count()).toBe(0);
    await page.getByRole('link', { name: first }).click();
    await page.waitForURL(`${url}/${path}`);
  }
  expect(problems).toEqual([]);
  await page.close();
});

test('a schedule is paused, resumed, and removed if its name is typed', async () => {
  await using service = await openConsoleService({ allowActions: true });
  const { schedules } = service.client;
  await schedules.put({ name: 'nightly', cron: '30 2 * * *', json: { x: 6 }, overlap: 'skip' });
  const { page, problems } = await openPage(service);
  await page.goto(`${service.url}/schedules`);
  await page.getByRole('link', { name: 'nightly' }).click();
  await inspect(page, page.url(), WIDE);
  expect(await page.textContent('dl.facts')).toContain('If one still runsthe next run is left out (skip)');
  await page.getByRole('button', { name: 'Run this schedule now' }).click();
  await page.waitForURL(/\/requests\/nightly\./);
  const { lastManualRun: { requestId = '' } = {} } = await schedules.get('nightly');
  for (const path of ['schedules', 'schedules/nightly']) {
    await page.goto(`${service.url}/${path}`);
    await page.getByRole('link', { name: requestId }).waitFor();
  }
  await page.getByRole('button', { name: 'Pause this schedule' }).click();
  await page.waitForSelector('text=Resume this schedule');
  expect(await schedules.get('nightly')).toMatchObject({ pausedAt: expect.any(String), nextRuns: [] });
  await page.goto(`${service.url}/schedules`);
  expect(await page.textContent('tbody')).toContain('paused');
  await page.goto(`${service.url}/schedules/nightly`);
  await page.getByRole('button', { name: 'Resume this schedule' }).click();
  await page.waitForSelector('text=Pause this schedule');
  expect((await schedules.get('nightly')).nextRuns).toHaveLength(5);
  const remove = async (typed: string) => {
    await page.fill('input[name=typed]', typed);
    await page.getByRole('button', { name: 'Remove this schedule' }).click();
  };
  await remove('weekly');
  await page.waitForSelector('text=Type nightly, the name of the schedule, to confirm, got weekly');
  await page.goBack();
  await remove('nightly');
  await page.waitForSelector('text=No schedules');
  expect(await schedules.list()).toEqual([]);
  expect(problems).toEqual([]);
  await page.close();
});

test('a schedule is run once for each time its page is shown, however often the form is sent', async () => {
  await using service = await openConsoleService({ allowActions: true });
  const { schedules } = service.client;
  await schedules.put({ name: 'nightly', cron: '30 2 * * *', json: { x: 6 } });
  const before = await schedules.pause('nightly');
  const { page, problems } = await openPage(service);
  const run = () => page.getByRole('button', { name: 'Run this schedule now' });
  await page.goto(`${service.url}/schedules/nightly`);
  await run().dblclick();
  await page.waitForURL(/\/requests\/nightly\./);
  await page.goto(`${service.url}/schedules/nightly`);
  const sent: unknown = await page.evaluate(`(async () => {
    const form = document.querySelector('form[action$="/run"]');
    const body = new URLSearchParams(new FormData(form));
    const send = async () => (await fetch(form.action, { method: 'POST', body })).url;
    return [await send(), await send()];
  })()`);
  expect(Array.isArray(sent) && sent[0]).toMatch(/\/requests\/nightly\./);
  expect(Array.isArray(sent) && new Set(sent).size).toBe(1);
  expect(await all(service.client.list())).toHaveLength(2);
  expect(await schedules.get('nightly')).toEqual({ ...before, lastManualRun: expect.anything() });
  expect(problems).toEqual([]);
  await page.close();

  await using readOnly = await openConsoleService();
  await readOnly.client.schedules.put({ name: 'nightly', cron: '30 2 * * *', json: { x: 6 } });
  const { page: other } = await openPage(readOnly);
  await other.goto(`${readOnly.url}/schedules/nightly`);
  expect(await other.getByRole('button', { name: 'Run' }).count()).toBe(0);
  expect(await other.textContent('main')).toContain('npx coatcheck schedules run nightly');
  await other.close();
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
