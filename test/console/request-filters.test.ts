import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { all } from '../support/all.ts';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import { type ConsoleService, type OpenConsole, openConsoleService } from '../support/console-service.ts';
import { eventually } from '../support/eventually.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

async function openPage({ startUrl, url }: OpenConsole): Promise<Page> {
  const page = await browser.context.newPage();
  await page.goto(startUrl);
  await page.waitForURL(`${url}/`);
  return page;
}

const ticketsOn = (page: Page) => page.locator('tbody .ticket').allTextContents();

/** Looks whether a page fits a small screen, and is accessible. */
async function inspect(page: Page): Promise<void> {
  await page.setViewportSize({ width: 320, height: 700 });
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  await page.setViewportSize({ width: 1_280, height: 700 });
  expect(await accessibilityProblems(page)).toEqual([]);
}

test('requests are filtered by the metadata that is declared, which their pages show', async () => {
  await using service = await openConsoleService({ recordMetadata: ['customer', 'order'] });
  const submit = (customer: string) => service.client.submit('x', { metadata: { customer, order: '17' } });
  const [{ id }] = await Promise.all([submit('acme & co'), submit('other')]);
  const page = await openPage(service);
  await page.goto(`${service.url}/requests`);
  await inspect(page);
  expect(await page.getByRole('link', { name: 'All requests' }).count()).toBe(0);
  await page.getByLabel('Metadata customer').fill('acme & co');
  await page.getByRole('button', { name: 'Filter' }).click();
  await eventually(async () => expect(await ticketsOn(page)).toEqual([id]));
  expect(await page.getByLabel('customer').inputValue()).toBe('acme & co');
  await page.getByLabel('order').fill('18');
  await page.getByRole('button', { name: 'Filter' }).click();
  await eventually(async () => expect(await page.textContent('#requests')).toContain('No requests match.'));
  await page.getByRole('link', { name: 'All requests' }).click();
  await eventually(async () => expect(await ticketsOn(page)).toHaveLength(2));
  await page.goto(`${service.url}/requests?metadata.region=eu`);
  expect(await page.textContent('main')).toContain('the declared keys are metadata.customer, metadata.order');
  await page.goto(`${service.url}/requests/${id}`);
  expect(await page.textContent('#facts')).toContain('Metadata customeracme & co');
  const filter = { metadata: { customer: 'acme & co' } };
  const plan = await service.client.actions.plan({ action: 'cancel', filter });
  await page.goto(`${service.url}/operations/${plan.id}`);
  expect(await page.textContent('main')).toContain('customer=acme & co');
  await page.close();
});

test('the failures of a group are acted on by their metadata', async () => {
  await using service = await openConsoleService({
    allowActions: true,
    recordMetadata: ['customer', 'order'],
    settings: { maxAttempts: 1 },
    handler: () => {
      throw new Error('Down');
    },
  });
  const ids = await Promise.all(
    ['acme & co', 'other'].map(async (customer) => {
      const { id } = await service.client.submit('x', { metadata: { customer } });
      await service.client.wait(id);
      return id;
    }),
  );
  const [group] = await all(service.client.failures.list());
  const page = await openPage(service);
  await page.goto(`${service.url}/failures/${group?.id}`);
  await inspect(page);
  const form = page.locator('form', { has: page.getByRole('button', { name: 'Plan a redrive' }) });
  await form.getByLabel('Only metadata customer').fill('acme & co');
  // An outcome is published before its dead letter is sent.
  await eventually(async () => {
    const { count } = await service.client.actions.plan({ action: 'redrive', filter: { ids } });
    expect(count).toBe(2);
  });
  await form.getByRole('button', { name: 'Plan a redrive' }).click();
  await page.waitForSelector('h2:text("It would change")');
  expect(await ticketsOn(page)).toEqual([ids[0]]);
  expect(await page.textContent('main')).toContain('customer=acme & co');
  await page.close();
});

test('the requests that a filter lists are acted on by the same filter', async () => {
  await using service = await openConsoleService({ allowActions: true, recordMetadata: ['customer'] });
  const { client } = service;
  const at = Date.UTC(2026, 10, 20, 12);
  const isOfAcme = { metadata: { customer: 'acme & co' }, topic: 'images' };
  const record = (id: string, createdAt: number, tenant?: string) => ({
    request: { id, source: '', topic: 'images', tenant },
    metadata: { customer: 'acme & co' },
    status: 'queued' as const,
    attempts: 0,
    createdAt,
    updatedAt: createdAt,
  });
  await service.write([
    record('before', at - 1),
    record('first', at),
    record('last', at + 59_999),
    record('after', at + 60_000),
    record('of a tenant', at, 'acme'),
  ]);
  await client.submit('x', isOfAcme);
  const page = await openPage(service);
  await page.goto(`${service.url}/requests`);
  const link = page.getByRole('link', { name: 'Act on these requests' });
  expect(await link.count()).toBe(0);
  await page.getByLabel('Topic').fill('images');
  await page.getByLabel('Metadata customer').fill('acme & co');
  await page.getByLabel('Created since').fill('2026-11-20T12:00');
  await page.getByLabel('Created before').fill('2026-11-20T12:01');
  await page.getByRole('button', { name: 'Filter' }).click();
  await eventually(async () => expect(await ticketsOn(page)).toEqual(['last', 'first']));
  await inspect(page);
  await link.click();
  await page.waitForSelector('h1:text("Act on requests")');
  await inspect(page);
  expect(await page.getByRole('heading', { level: 3 }).allTextContents()).toEqual([
    'Rehearse',
    'Redrive all',
    'Retry all',
    'Cancel all',
    'Purge all',
  ]);
  expect(await page.textContent('main')).toContain(
    "npx coatcheck actions plan cancel --tenant '' --topic images --created-since 2026-11-20T12:00:00Z --created-until 2026-11-20T12:01:00Z --metadata 'customer=acme & co'",
  );
  await page.getByRole('button', { name: 'Plan a cancellation' }).click();
  await page.waitForSelector('h2:text("It would change")');
  expect((await ticketsOn(page)).toSorted()).toEqual(['first', 'last']);
  expect(await page.textContent('main')).toContain(
    'no tenant, topic images, created since 2026-11-20T12:00:00.000Z, created before 2026-11-20T12:01:00.000Z',
  );
  await page.goto(`${service.url}/requests?status=failed&tenant=acme`);
  await link.click();
  await page.waitForSelector('h1:text("Act on requests")');
  expect(await page.getByRole('heading', { name: 'Cancel all' }).count()).toBe(0);
  expect(await page.textContent('main')).toContain('tenant acme, status failed');
  for (const [query, problem] of [
    ['', 'An action needs a filter'],
    ['?topic=images&status=faild', 'got faild'],
  ]) {
    await page.goto(`${service.url}/operations/new${query}`);
    expect(await page.textContent('main')).toContain(problem);
    expect(await page.locator('main form').count()).toBe(0);
  }
  await page.goto(`${service.url}/requests?webhook=failing`);
  expect(await link.count()).toBe(0);
  expect(await page.textContent('main')).toContain('can’t select requests by the status of their webhooks');
  await page.close();
});

test('without declared metadata, and for a caller that may not see settings, there is no such filter', async () => {
  const filters = async (service: ConsoleService) => {
    const page = await openPage(service);
    await page.goto(`${service.url}/requests`);
    const count = await page.locator('input[name^="metadata."]').count();
    await page.close();
    return count;
  };
  await using none = await openConsoleService();
  expect(await filters(none)).toBe(0);
  await using other = await openConsoleService({ recordMetadata: ['customer'], isOperator: false });
  expect(await filters(other)).toBe(0);
  await using declared = await openConsoleService({ recordMetadata: ['customer'] });
  expect(await filters(declared)).toBe(1);
});

test('the page Webhooks leads to dead ones, each of which can be sent again', async () => {
  await using service = await openConsoleService({ handler: () => 'done', allowActions: true });
  const { client } = service;
  // Nothing listens there.
  const callbackUrl = 'http://127.0.0.1:9/';
  const [{ id }, { id: other }] = await Promise.all([
    client.submit('x', { callbackUrl }),
    client.submit('x', { callbackUrl }),
  ]);
  const webhookOf = async (ticket: string) => (await client.status(ticket)).webhook;
  for (const ticket of [id, other]) {
    await client.wait(ticket);
    await eventually(async () => expect(await webhookOf(ticket)).toMatchObject({ status: 'failing' }));
  }
  const { endedAt = '' } = await client.status(id);
  const state = {
    status: 'dead_lettered',
    endedAt: Date.parse(endedAt),
    attempts: 10,
    reason: 'none',
  } as const;
  await service.noteWebhook({ id, source: '' }, { ...state, at: Date.now() + 60_000 });
  const page = await openPage(service);
  await page.goto(`${service.url}/webhooks`);
  await inspect(page);
  await page.getByRole('link', { name: 'dead-lettered' }).click();
  await eventually(async () => expect(await ticketsOn(page)).toEqual([id]));
  expect(await page.getByLabel('Webhook').inputValue()).toBe('dead_lettered');
  await page.getByRole('link', { name: id }).click();
  await page.getByRole('button', { name: 'Send webhooks again' }).click();
  await eventually(async () => expect(service.printed).toContain(`done: POST /requests/${id}/webhook`));
  await page.goto(`${service.url}/webhooks`);
  await page.getByRole('link', { name: 'failing' }).click();
  await eventually(async () => expect(await ticketsOn(page)).toEqual([other]));
  await page.close();
});
