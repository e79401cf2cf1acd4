import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import { signIn } from '../support/oidc-issuer.ts';
import { Service } from './service.ts';

const service = new Service('E2e-raw');
const consoleUrl = `${service.apiUrl}/console`;

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

test('an operator signs in to a deployed console, looks at a request, changes nothing and signs out', async () => {
  await service.send(service.ask('console-1', { do: 'refuse', reason: 'out of paper' }));
  await service.outputs(1, ({ attributes }) => attributes.RequestId === 'console-1');
  const page = await browser.context.newPage();
  await page.goto(`${consoleUrl}/requests/console-1`);
  expect(page.url()).not.toContain(service.apiUrl);
  await signIn(page, 'anna');
  await page.waitForURL(`${consoleUrl}/requests/console-1`);
  expect(await page.textContent('.failure')).toContain('out of paper');
  expect(await page.textContent('.mode')).toBe('Read-only');
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.click('nav >> text="Now"');
  await page.waitForSelector('#newest .ticket:text("console-1")');
  await page.evaluate(`
    const form = document.createElement('form');
    form.method = 'post';
    form.action = 'requests/console-1/webhook';
    document.body.append(form);
    form.submit();`);
  await page.waitForSelector('h1:text("Read-only")');
  expect(await page.textContent('main')).toContain('allowActions: true');
  await page.click('button:text-is("Sign out")');
  await page.waitForSelector('h1:text("Signed out")');
  expect(await page.context().cookies(consoleUrl)).toEqual([]);
  await page.close();
});

test('a user who is no operator signs in, and sees no page', async () => {
  const page = await browser.context.newPage();
  await page.context().clearCookies();
  await page.goto(consoleUrl);
  await signIn(page, 'bela');
  await page.waitForSelector('h1:text("This console is for operators")');
  expect(await page.locator('nav').count()).toBe(0);
  await page.close();
});

test('the API behind it refuses callers without a token, and with one that the issuer did not sign', async () => {
  const token = (claims: object) =>
    ['{"alg":"RS256"}', JSON.stringify(claims), 'signature']
      .map((part) => Buffer.from(part).toString('base64url'))
      .join('.');
  const forged = token({ groups: ['coatcheck-operators'], exp: Date.now() / 1_000 + 600 });
  const calls: Record<string, string>[] = [{}, { authorization: `Bearer ${forged}` }];
  for (const headers of calls)
    expect((await service.call('GET', '/v1/requests', { headers })).status).toBe(401);
});
