import { expect, test } from 'vitest';
import { CoatcheckClient } from '../../lib/client/index.ts';
import { createConsole } from '../../lib/console/console.ts';
import { MAX_FORM_BYTES } from '../../lib/console/form.ts';
import { KeyAccess } from '../../lib/console/key-access.ts';

const URL_OF_CONSOLE = 'http://127.0.0.1:4570';
const KEY = 'o'.repeat(32);
const CALLER = 'c'.repeat(32);

/** The keys of the service. */
const KNOWN = new Map([
  [KEY, { isOperator: true, name: 'Ann' }],
  [CALLER, { isOperator: false, name: 'Bob' }],
]);

/** A console for one operator, with the lines of its log. */
function openConsole() {
  const lines: string[] = [];
  const access = new KeyAccess({
    find: (key) => KNOWN.get(key),
    clientFor: () => new CoatcheckClient({ baseUrl: URL_OF_CONSOLE }),
    mayAct: true,
    howToAct: '',
    isLocal: () => true,
  });
  const served = createConsole({
    access,
    shell: { url: URL_OF_CONSOLE, cliOptions: [], queueOptions: [], curlOptions: [] },
    version: '1',
    log: (line) => lines.push(line),
    logPlace: 'the log of the test',
  });
  const post = (path: string, body: string | URLSearchParams, headers: Record<string, string> = {}) =>
    served.request(`${URL_OF_CONSOLE}${path}`, {
      method: 'POST',
      body,
      headers: { 'sec-fetch-site': 'same-origin', ...headers },
    });
  return { served, post, lines };
}

test('signing in leads back to the page, whatever characters its address has', async () => {
  const { served, post } = openConsole();
  const page = '/requests/M%C3%BCller%20%25%0A?source=%C3%BC';
  const asked = await served.request(`${URL_OF_CONSOLE}${page}`);
  expect(asked.status).toBe(401);
  expect(asked.headers.get('www-authenticate')).toMatch(/^Cookie /);
  const [, path = ''] = /name="path" value="([^"]*)"/.exec(await asked.text()) ?? [];
  const signedIn = await post('/sign-in', new URLSearchParams({ key: KEY, path }));
  expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, `.${page}`]);
});

test('a wrong key is not signed in, and that of a caller is refused', async () => {
  const { post } = openConsole();
  const wrong = await post('/sign-in', new URLSearchParams({ key: 'x', path: '/' }));
  expect([wrong.status, await wrong.text()]).toEqual([
    401,
    expect.stringContaining('no key of this service'),
  ]);
  const ofCaller = await post('/sign-in', new URLSearchParams({ key: CALLER, path: '/' }));
  expect([ofCaller.status, ofCaller.headers.has('www-authenticate')]).toEqual([403, false]);
});

test.each(['/a\nb', '/ü', 'https://evil.example', ''])(
  'signing in leads to no such page: %j',
  async (path) => {
    const { post } = openConsole();
    const signedIn = await post('/sign-in', new URLSearchParams({ key: KEY, path }));
    expect([signedIn.status, signedIn.headers.get('location')]).toEqual([303, './now']);
  },
);

const TOO_LARGE = new URLSearchParams({ path: 'x'.repeat(MAX_FORM_BYTES) });

test.each([
  ['is none', '{}', { 'content-type': 'application/json' }],
  ['has no boundary', 'a', { 'content-type': 'multipart/form-data' }],
  ['is too large', TOO_LARGE, {}],
  ['says that it is too large', 'a', { 'content-length': String(MAX_FORM_BYTES + 1) }],
])('a form that %s is refused, signed in or not', async (_, body, headers) => {
  const { post, lines } = openConsole();
  const cookie = `coatcheck-key-4570=${KEY}`;
  for (const refused of [
    await post('/sign-in', body, { ...headers }),
    await post('/operations', body, { ...headers, cookie }),
  ]) {
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringContaining(`at most ${MAX_FORM_BYTES} bytes`),
    ]);
  }
  expect(lines).toEqual([]);
});
