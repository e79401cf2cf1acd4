import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { all } from '../support/all.ts';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import { type ConsoleService, type OpenConsole, openConsoleService } from '../support/console-service.ts';
import { eventually } from '../support/eventually.ts';

/** What a hostile sender writes into a payload. */
const HOSTILE = `"></textarea><script>document.title='taken'</script><img src=x onerror="document.title='taken'">\u001b[31m\u202e`;
const LONG_LINE = 'x'.repeat(10_000);

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

/** A page with a session. Violations of the policy and errors of scripts are collected. */
async function openPage({ startUrl, url }: OpenConsole) {
  const page = await browser.context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => void problems.push(String(error)));
  page.on('console', (message) => {
    if (!/status of (?:404|422|503)/.test(message.text())) problems.push(message.text());
  });
  await page.goto(startUrl);
  await page.waitForURL(`${url}/`);
  return { page, problems };
}

/** Looks whether a page fits small and large screens, and is accessible in the dark and in the light. */
async function inspect(page: Page): Promise<void> {
  for (const [width, colorScheme] of [
    [1_280, 'light'],
    [320, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 700 });
    await page.emulateMedia({ colorScheme });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
  }
  expect(await page.title()).not.toBe('taken');
}

const failing = () =>
  openConsoleService({
    allowActions: true,
    settings: { maxAttempts: 1 },
    handler: async (request) => {
      const text = await request.text();
      if (text.includes('broken')) throw new Error('The printer is on fire');
      return text;
    },
  });

/** Submits a request that fails. @returns its ticket */
async function failed(
  { service }: ConsoleService,
  payload: string | Uint8Array,
  tenant?: string,
): Promise<string> {
  const { id } = await service.submit(payload, { tenant, contentType: 'text/plain' });
  await service.wait(id, { tenant });
  return id;
}

test('a payload is hidden until it is asked for, and each look is printed', async () => {
  await using service = await failing();
  const id = await failed(service, `broken ${HOSTILE}\n${LONG_LINE}`);
  const { page, problems } = await openPage(service);
  await page.goto(`${service.url}/requests/${id}`);
  expect(await page.content()).not.toContain('broken');
  expect(service.printed.join()).not.toContain('looked at');
  await eventually(async () => {
    await page.goto(`${service.url}/requests/${id}`);
    await page.getByRole('link', { name: 'Show the payload' }).click();
    await page.waitForSelector('pre.content');
  });
  const shown = await page.textContent('pre.content');
  expect(shown).toContain(`broken "></textarea><script>document.title='taken'</script>`);
  expect(shown).toContain('\\u001b[31m\\u202e');
  expect(service.printed).toContain(`looked at the payload of ${id}`);
  await inspect(page);
  expect(problems).toEqual([]);
  await page.close();
});

test('a payload that is gone says why', async () => {
  await using service = await failing();
  const { id } = await service.service.submit('fine');
  await service.service.wait(id);
  const { page } = await openPage(service);
  await eventually(async () => {
    await page.goto(`${service.url}/requests/${id}/payload`);
    expect(await page.textContent('main')).toContain('which is deleted when the request ends');
  });
  await inspect(page);
  await page.goto(`${service.url}/requests/${id}/edit`);
  expect(await page.textContent('main')).toContain('which is deleted when the request ends');
  expect(await page.inputValue('textarea')).toBe('');
  await inspect(page);
  await page.close();
});

test('a request of a tenant has a page, and its payload is edited with a diff before anything is sent', async () => {
  await using service = await failing();
  const same = Array.from({ length: 100 }, (_, index) => `line ${index}`);
  const text = ['', ...same, `broken ${HOSTILE}`, LONG_LINE, 'end'].join('\n');
  const tenant = 'ä/b?c';
  const id = await failed(service, text, tenant);
  const { page, problems } = await openPage(service);
  await page.goto(`${service.url}/requests?tenant=${encodeURIComponent(tenant)}`);
  await page.getByRole('link', { name: id }).click();
  await page.waitForSelector('.status:text("failed")');
  expect(await page.textContent('#facts')).toContain(tenant);
  await inspect(page);
  await page.getByRole('link', { name: 'Edit its payload' }).click();
  const area = page.locator('textarea');
  expect(await area.inputValue()).toBe(text);
  expect(await page.inputValue('input[name=contentType]')).toBe('text/plain');
  await inspect(page);
  await area.fill(text.replace('broken', 'mended'));
  await page.getByRole('button', { name: 'Plan with this payload' }).click();
  await page.waitForSelector('.diff');
  const [removed] = await page.locator('.diff del').allTextContents();
  const [added] = await page.locator('.diff ins').allTextContents();
  expect(removed).toMatch(/^- broken "><\/textarea><script>/);
  expect(added).toMatch(/^\+ mended "><\/textarea><script>/);
  const diff = await page.textContent('.diff');
  expect(diff).toContain('98 lines as before');
  expect(diff).toContain('more characters');
  expect(diff?.length).toBeLessThan(3_000);
  expect(service.printed).toContainEqual(
    expect.stringMatching(`^looked at the payload of ${id} and of the action`),
  );
  await inspect(page);
  const [plan] = await all(service.client.actions.list());
  expect(plan).toMatchObject({ state: 'planned', filter: { ids: [id], tenant } });
  await page.goto(`${service.url}/operations/${plan?.id}`);
  expect(await page.content()).not.toContain('mended');
  await page.getByRole('link', { name: 'Show what it changes' }).click();
  await page.getByRole('button', { name: 'Retry 1 request' }).click();
  await page.locator('td .ticket').click();
  await page.waitForSelector('.status:text("succeeded")');
  expect(await page.textContent('#facts')).toContain(`Retry of${id}`);
  expect(problems).toEqual([]);
  await page.close();
});

test('another payload can be written for what is no text or too large', async () => {
  await using service = await failing();
  const { page } = await openPage(service);
  for (const payload of [
    Buffer.from('broken\u0000'),
    Buffer.from([...Buffer.from('broken'), 0xff]),
    Buffer.from(`broken${'x'.repeat(65_536)}`),
  ]) {
    const id = await failed(service, new Uint8Array(payload));
    await eventually(async () => {
      await page.goto(`${service.url}/requests/${id}/edit`);
      expect(await page.textContent('main')).toContain('Only a text of up to 64.0 KiB can be edited here');
    });
    expect(await page.inputValue('textarea')).toBe('');
  }
  await page.close();
});

test('a caller that is no operator sees no request of a tenant', async () => {
  await using service = await openConsoleService({ isOperator: false });
  const { id } = await service.service.submit('secret', { tenant: 'acme' });
  const { page } = await openPage(service);
  for (const rest of ['', '/payload', '/edit', '/result']) {
    await page.goto(`${service.url}/requests/${id}${rest}?tenant=acme`);
    expect(await page.textContent('main')).toContain('operator required');
  }
  await page.close();
});
