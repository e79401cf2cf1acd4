import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { type ConsoleService, openConsoleService } from '../support/console-service.ts';

/** The cookie of a session. */
async function sessionOf({ startUrl }: ConsoleService): Promise<string> {
  const answer = await fetch(startUrl);
  expect(answer.status).toBe(200);
  return answer.headers.get('set-cookie') ?? '';
}

/** Calls with any headers, such as Host, which fetch sets itself. */
function call(url: string, headers: Record<string, string>, method = 'GET') {
  return new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, (answer) => {
      text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('the link makes a session once, with a cookie that scripts and other sites do not get', async () => {
  await using service = await openConsoleService();
  const cookie = await sessionOf(service);
  expect(cookie).toMatch(/^coatcheck-console-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  expect((await fetch(service.startUrl)).status).toBe(401);
  expect((await fetch(`${service.url}/start?token=a`)).status).toBe(401);
  expect((await call(service.url, { cookie })).status).toBe(200);
});

test('without a session, no page and no stream is shown', async () => {
  await using service = await openConsoleService();
  const strangers: Record<string, string>[] = [
    {},
    { accept: 'text/event-stream' },
    { cookie: `coatcheck-console-${new URL(service.url).port}=a` },
  ];
  for (const headers of strangers) {
    const { status, body } = await call(`${service.url}/requests`, headers);
    expect(status).toBe(401);
    expect(body).toContain('Open the link that was printed');
    expect(body).not.toContain('<nav');
  }
});

test('names of others that lead to this machine are refused', async () => {
  await using service = await openConsoleService();
  const cookie = await sessionOf(service);
  const { port } = new URL(service.url);
  for (const host of [`evil.example:${port}`, `127.0.0.1.evil.example:${port}`, 'evil.example']) {
    expect((await call(service.url, { cookie, host })).status).toBe(403);
    expect((await call(`${service.url}/start`, { host })).status).toBe(403);
  }
  expect((await call(service.url, { host: `localhost:${port}`, cookie })).status).toBe(200);
});

const OWN = { 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };

test('without --allow-actions, every action is refused', async () => {
  await using service = await openConsoleService();
  const cookie = await sessionOf(service);
  const { id } = await service.client.submit('wait');
  const paths = [
    `requests/${id}/cancel`,
    `requests/${id}/webhook`,
    'failures/a/note',
    'limits/all',
    'webhooks/a/test',
    'webhooks/a/replay',
    'batches/a/cancel',
    'operations',
    'operations/a/apply',
    'operations/a/abort',
  ];
  for (const path of paths) {
    const { status, body } = await call(`${service.url}/${path}`, { ...OWN, cookie }, 'POST');
    expect([path, status]).toEqual([path, 403]);
    expect(body).toContain('Start it with --allow-actions');
  }
  expect((await service.client.status(id)).status).toBe('queued');
  const { body } = await call(`${service.url}/requests/${id}`, { cookie });
  expect(body).not.toContain('<form method="post"');
  expect(body).toContain('This console is read-only. Start it with --allow-actions to change anything.');
  expect(body).toContain('Each view of a payload or a result is recorded in the log of the test.');
});

test('forms of other sites are refused', async () => {
  await using service = await openConsoleService({ allowActions: true });
  const cookie = await sessionOf(service);
  const { id } = await service.client.submit('wait');
  const type = { 'content-type': OWN['content-type'], cookie };
  const foreign: Record<string, string>[] = [
    { ...type },
    { ...type, 'sec-fetch-site': 'cross-site' },
    { ...type, 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' },
    { ...type, origin: 'https://evil.example' },
    { cookie },
  ];
  for (const headers of foreign) {
    expect((await call(`${service.url}/requests/${id}/cancel`, headers, 'POST')).status).toBe(403);
  }
  expect((await service.client.status(id)).status).toBe('queued');
  expect((await call(`${service.url}/requests/${id}/cancel`, { ...OWN, cookie }, 'POST')).status).toBe(303);
  expect((await service.client.status(id)).status).toBe('cancelled');
});

test('pages load only files of the console, which browsers keep', async () => {
  await using service = await openConsoleService();
  const cookie = await sessionOf(service);
  const answer = await fetch(service.url, { headers: { cookie } });
  expect(answer.headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  );
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const body = await answer.text();
  const files = [...body.matchAll(/(?:src|href)="\.(\/assets\/[^"]+)"/g)].map(([, path]) => path);
  expect(new Set(files).size).toBe(3);
  for (const file of files) {
    const asset = await fetch(`${service.url}${file}`);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  }
});
