import { Hono } from 'hono';
import * as oauth from 'oauth4webapi';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { listen } from '../../lib/cli/http-server.ts';
import { createConsole } from '../../lib/console/console.ts';
import { mountConsole } from '../../lib/console/mount-console.ts';
import { OidcAccess } from '../../lib/console/oidc/oidc-access.ts';
import { callerOf } from '../../lib/lambda/api-gateway-caller.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { accessibilityProblems, type Browser, startBrowser } from '../support/browser.ts';
import { AUDIENCE, CLIENT_ID, OidcIssuer, signIn } from '../support/oidc-issuer.ts';

const RULES = {
  auth: 'jwt',
  tenantClaim: '',
  operatorClaim: 'groups',
  operatorValue: 'coatcheck-operators',
} as const;

const INSECURE = { [oauth.allowInsecureRequests]: true } as const;

/** API Gateway's texts of claims. */
function textsOf(claims: object): Record<string, string> {
  const texts = Object.entries(claims).map(([name, value]) => [
    name,
    Array.isArray(value) ? `[${value.join(' ')}]` : String(value),
  ]);
  return Object.fromEntries(texts);
}

/** An API that verifies tokens of an issuer before it is called, as API Gateway does, with a console as a deployment has it. */
async function openDeployed({ allowActions = false } = {}) {
  const server = await listen({ host: '127.0.0.1', port: 0, onlyLocal: false });
  const redirectUri = `${server.url}/console/signed-in`;
  const issuer = await OidcIssuer.start();
  issuer.serve(redirectUri);
  const api = new ApiHarness(undefined, {
    callerOf: (c) => callerOf(c.env.requestContext, RULES),
  });
  const app = new Hono();
  app.all('/v1/*', async (c) => {
    const url = new URL(issuer.url);
    const verified = await oauth
      .discoveryRequest(url, INSECURE)
      .then((response) => oauth.processDiscoveryResponse(url, response))
      .then((as) => oauth.validateJwtAccessToken(as, c.req.raw, AUDIENCE, INSECURE))
      .catch(() => undefined);
    if (!verified) return c.json({ message: 'Unauthorized' }, 401);
    const requestContext = { authorizer: { jwt: { claims: textsOf(verified) } } };
    return api.app.fetch(c.req.raw, { requestContext });
  });
  const logged: [string, string | undefined][] = [];
  const access = new OidcAccess({
    issuer: issuer.url,
    clientId: CLIENT_ID,
    scopes: [],
    parameters: { resource: AUDIENCE },
    redirectUri,
    apiUrl: server.url,
    operators: { claim: RULES.operatorClaim, value: RULES.operatorValue },
    mayAct: allowActions,
  });
  const served = createConsole({
    access,
    shell: { url: server.url, cliOptions: [], queueOptions: [], curlOptions: [] },
    version: '0.1.0',
    remedy: () => 'The API rejects the token.',
    logPlace: 'the log of the test',
    log: (line, caller) => void logged.push([line, caller]),
    streams: false,
  });
  server.use(mountConsole('/console', served));
  server.use(app);
  onTestFinished(async () => {
    await server.close();
    await issuer[Symbol.asyncDispose]();
  });
  const call = async (path: string, body?: string) => {
    const requestContext = { authorizer: { jwt: { claims: { groups: '[coatcheck-operators]' } } } };
    const answer = await api.app.request(path, { method: body ? 'POST' : 'GET', body }, { requestContext });
    return (await answer.json()) as { readonly id: string; readonly status: string };
  };
  return {
    url: `${server.url}/console`,
    issuer,
    logged,
    submit: () => call('/v1/requests', 'one'),
    statusOf: async (id: string) => (await call(`/v1/requests/${id}`)).status,
  };
}

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser[Symbol.asyncDispose]();
});

/** A page of a browser without cookies. */
async function newPage(): Promise<Page> {
  await browser.context.clearCookies();
  const page = await browser.context.newPage();
  onTestFinished(() => page.close());
  return page;
}

/** A token with other claims, under the same signature. */
function withClaims(token: string, changed: object): string {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const forged = Buffer.from(JSON.stringify({ ...claims, ...changed })).toString('base64url');
  return [header, forged, signature].join('.');
}

const cookies = async (page: Page, url: string) =>
  (await page.context().cookies(url)).filter(({ name }) => name.includes('coatcheck'));

test('an operator signs in, comes back to the page, and signs in again when the token has expired', async () => {
  const { url, issuer, submit } = await openDeployed();
  const { id } = await submit();
  const page = await newPage();
  await page.goto(`${url}/requests/${id}`);
  expect(new URL(page.url()).origin).toBe(issuer.url);
  await signIn(page, 'anna');
  await page.waitForURL(`${url}/requests/${id}`);
  expect(await page.textContent('main')).toContain(id);
  const [first] = await cookies(page, url);
  expect(first).toMatchObject({
    name: '__Host-coatcheck-token-0',
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
  });
  if (!first) throw new Error('There is no session');
  const expired = withClaims(first.value, { exp: Date.now() / 1_000 - 1 });
  await page.context().addCookies([{ ...first, value: expired }]);
  await page.goto(`${url}/requests?status=queued`);
  const [again] = await cookies(page, url);
  expect(again?.value).not.toBe(expired);
  expect(page.url()).toBe(`${url}/requests?status=queued`);
  expect(await page.textContent('tbody')).toContain(id);
});

test('the first page and its links work below the path, and follow changes by asking again', async () => {
  const { url, submit } = await openDeployed();
  const page = await newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.location().url.startsWith(url)) problems.push(message.text());
  });
  await page.goto(url);
  await signIn(page, 'anna');
  await page.waitForURL(`${url}/now`);
  await page.waitForSelector('#live-state[data-state="live"]');
  const { id } = await submit();
  await page.waitForSelector(`text=${id}`);
  expect(await page.getAttribute('#live-state', 'data-state')).toBe('live');
  for (const name of ['Requests', 'Webhooks', 'Service', 'Now']) {
    await page.click(`nav >> text="${name}"`);
    await page.waitForSelector(`nav [aria-current]:text-is("${name}")`);
    expect(page.url().startsWith(`${url}/`)).toBe(true);
  }
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));`);
  expect(await page.textContent('#live-state')).toBe('Paused while the page is hidden');
  expect(problems).toEqual([]);
});

test('an operator signs out', async () => {
  const { url } = await openDeployed();
  const page = await newPage();
  await page.goto(url);
  await signIn(page, 'anna');
  await page.click('button:text-is("Sign out")');
  await page.waitForSelector('h1:text("Signed out")');
  expect(page.url()).toBe(`${url}/signed-out`);
  expect(await cookies(page, url)).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('the page says what a token lacks that is no operator’s', async () => {
  const { url } = await openDeployed();
  const page = await newPage();
  await page.goto(`${url}/requests`);
  await signIn(page, 'bela');
  await page.waitForSelector('h1:text("This console is for operators")');
  expect(await page.textContent('main')).toContain(
    'The claim groups of your token must contain coatcheck-operators; your token has ["staff"].',
  );
  expect(await page.locator('nav').count()).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  await page.click('button:text-is("Sign out")');
  await page.waitForSelector('h1:text("Signed out")');
});

test('a code works once, and only with the state of its sign-in', async () => {
  const { url } = await openDeployed();
  const page = await newPage();
  const answers: string[] = [];
  page.on('request', (request) => {
    if (request.url().startsWith(`${url}/signed-in`)) answers.push(request.url());
  });
  await page.goto(url);
  await signIn(page, 'anna');
  await page.waitForURL(`${url}/now`);
  const [answer = ''] = answers;
  await page.goto(answer);
  expect(await page.textContent('main')).toContain('This sign-in was used already');
  await page.context().clearCookies({ name: '__Host-coatcheck-token-0' });
  const begun = await page.request.get(url, { maxRedirects: 0 });
  expect(begun.status()).toBe(302);
  await page.request.get(`${url}/now`, { maxRedirects: 0 });
  await page.goto(answer);
  expect(await page.textContent('main')).toContain('Signing in failed');
  expect(await cookies(page, url)).toEqual([]);
});

test('forms of other sites, forged tokens and actions that are not allowed are refused', async () => {
  const { url, submit, statusOf, logged } = await openDeployed();
  const { id } = await submit();
  const page = await newPage();
  await page.goto(url);
  await signIn(page, 'anna');
  await page.waitForURL(`${url}/now`);
  const [session] = await cookies(page, url);
  const post = (headers: Record<string, string>) =>
    fetch(`${url}/requests/${id}/cancel`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    });
  const cookie = `${session?.name}=${session?.value}`;
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'same-site' },
    {},
  ];
  for (const headers of foreign) {
    const answer = await post({ cookie, ...headers });
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringContaining('This form was not sent by a page of this console.'),
    ]);
  }
  const own = { 'sec-fetch-site': 'same-origin' };
  expect(await (await post({ cookie, ...own })).text()).toContain('allowActions: true');
  expect(await (await post(own)).text()).toContain('The session has ended');
  expect(await statusOf(id)).toBe('queued');
  const forged = withClaims(session?.value ?? '', { sub: 'eve' });
  const looked = await fetch(`${url}/requests/${id}/result`, {
    headers: { cookie: `${session?.name}=${forged}` },
  });
  expect(await looked.text()).toContain('The API rejects the token.');
  expect(logged).toEqual([]);
});

test('actions are made and logged with the token of the operator', async () => {
  const { url, submit, logged } = await openDeployed({ allowActions: true });
  const { id } = await submit();
  const page = await newPage();
  await page.goto(`${url}/requests/${id}`);
  await signIn(page, 'anna');
  await page.click('button:text("Cancel this request")');
  await page.waitForSelector('.status:text("cancelled")');
  expect(page.url()).toBe(`${url}/requests/${id}`);
  await page.goto(`${url}/requests/${id}/result`);
  expect(logged).toEqual([
    [`done: POST /requests/${id}/cancel`, 'anna'],
    [`looked at the result of ${id}`, 'anna'],
  ]);
});

test('a long token takes two cookies, and one that fits into none is refused', async () => {
  const { url, issuer } = await openDeployed();
  const page = await newPage();
  issuer.padding = 'x'.repeat(3_000);
  await page.goto(url);
  await signIn(page, 'anna');
  await page.waitForURL(`${url}/now`);
  expect((await cookies(page, url)).map(({ name }) => name)).toEqual([
    '__Host-coatcheck-token-0',
    '__Host-coatcheck-token-1',
  ]);
  issuer.padding = 'x'.repeat(8_000);
  await page.context().clearCookies({ name: /coatcheck/ });
  await page.goto(url);
  await page.waitForSelector('h1:text("The token is too long")');
  expect(await page.textContent('main')).toContain('and 7600 fit into cookies');
});

test('an issuer that does not answer is named', async () => {
  const { url, issuer } = await openDeployed();
  await issuer[Symbol.asyncDispose]();
  const answer = await fetch(url);
  expect([answer.status, await answer.text()]).toEqual([
    403,
    expect.stringContaining('The issuer does not answer'),
  ]);
});
