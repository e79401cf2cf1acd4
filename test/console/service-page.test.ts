import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import { type ConsoleServiceOptions, openConsoleService } from '../support/console-service.ts';
import { eventually } from '../support/eventually.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

/** The page of a service. */
async function openServicePage(options: ConsoleServiceOptions = {}) {
  const service = await openConsoleService(options);
  const page = await browser.context.newPage();
  await page.goto(service.startUrl);
  await page.goto(`${service.url}/service`);
  const main = () => page.innerText('main');
  return {
    ...service,
    page,
    main,
    [Symbol.asyncDispose]: async () => {
      await page.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

test('a service where nothing is wrong shows quiet alarms, its settings, and that nothing is paused', async () => {
  await using opened = await openServicePage({ settings: { maxAttempts: 7 } });
  const { page, main } = opened;
  const text = await main();
  for (const shown of [
    'No alarm is raised.',
    'Not paused.',
    'maxAttempts',
    'LedgerDrift',
    'waiting for 1 hour or more',
  ]) {
    expect(text).toContain(shown);
  }
  const first = page.locator('#settings tbody tr').first();
  expect(await first.innerText()).toMatch(/maxAttempts\s+7 attempts\s+5 attempts\s+program/);
  expect(await page.locator('button', { hasText: 'Pause' }).count()).toBe(0);
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 640 });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
  }
});

test('dead letters raise an alarm, which says what to do, without a reload', async () => {
  await using opened = await openServicePage({
    settings: { maxAttempts: 1 },
    handler: async () => {
      throw new Error('no');
    },
  });
  const { client, page, main } = opened;
  const { id } = await client.submit('one');
  await client.wait(id);
  await eventually(async () => expect(await main()).toContain('Raised: DeadLetters.'));
  expect(await main()).toContain('npx coatcheck dead-letters redrive');
  expect(await client.alarms()).toContainEqual(
    expect.objectContaining({ name: 'DeadLetters', state: 'alarm', reason: '1 message' }),
  );
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('an operator pauses and resumes processing by the keyboard', async () => {
  await using opened = await openServicePage({ allowActions: true, handler: async () => 'done' });
  const { client, page, main, printed } = opened;
  await page.focus('input[name=minutes]');
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type('90');
  await page.keyboard.press('Tab');
  await page.keyboard.type('the <b>database</b> moves');
  await page.keyboard.press('Enter');
  await eventually(async () => expect(await main()).toContain('Paused: no request starts before'));
  expect(await main()).toContain('the <b>database</b> moves');
  expect(await main()).toMatch(/Paused by\s+key [\da-f]{8}/);
  const { pause } = await client.serviceStatus();
  expect(Date.parse(pause?.until ?? '') - Date.now()).toBeGreaterThan(89 * 60_000);
  // Within a second.
  const id = await eventually(async () => {
    const submitted = await client.submit('one');
    expect((await client.status(submitted.id)).why).toContain('moves');
    return submitted.id;
  });
  await page.setViewportSize({ width: 320, height: 640 });
  expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.focus('text=Resume');
  await page.keyboard.press('Enter');
  await eventually(async () => expect(await main()).toContain('Not paused.'));
  expect(await client.wait(id)).toMatchObject({ status: 'succeeded' });
  expect(printed).toEqual(
    expect.arrayContaining(['done: POST /service/pause', 'done: POST /service/resume']),
  );
});

test('a pause without a reason, or too long, changes nothing and says why', async () => {
  await using opened = await openServicePage({ allowActions: true });
  const { client, page, main } = opened;
  await page.fill('input[name=minutes]', '2000');
  await page.fill('input[name=reason]', 'long');
  await page.click('button:has-text("Pause")');
  await eventually(async () => expect(await main()).toContain('at most 86400 seconds'));
  expect(await client.serviceStatus()).not.toHaveProperty('pause');
});

test('the capacity is that of the traffic, without a reload, and a new service says what is not known', async () => {
  await using opened = await openServicePage({ handler: async () => 'done', settings: { concurrency: 4 } });
  const { client, page, main } = opened;
  expect(await main()).toContain(
    'aren’t known: no request was submitted in the last hours; no attempt ended in the last minute.',
  );
  expect(await main()).toMatch(/npx coatcheck plan --from-service --payload 300KB --api/);
  for (let count = 0; count < 3; count++) {
    const { id } = await client.submit('one');
    await client.wait(id);
  }
  await eventually(async () => {
    const text = await page.innerText('#capacity');
    expect(text).toMatch(/Arrivals at the peak\s+36\/h for 5 min from/);
    expect(text).toMatch(/Arrivals on average\s+\S+\/[dh]: 3 requests in/);
    expect(text).toMatch(/Needed at the peak\s+\S+ requests at a time, of at most 4 /);
    expect(text).toMatch(/Expected wait at the peak\s+(?:< 1 ms|0 s)/);
    expect(text).toMatch(/Cost per month\s+not estimated/);
  });
  for (const width of [1280, 320]) {
    await page.setViewportSize({ width, height: 640 });
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
  }
});

test('a caller who is no operator sees neither alarms nor settings', async () => {
  await using opened = await openServicePage({ isOperator: false });
  const text = await opened.main();
  expect(text).toContain('the service shows no counts of requests: operators see them');
  expect(text).toContain('Alarms are not available on this service.');
  expect(text).toContain('Settings are not available on this service.');
});
