import { Webhook } from 'standardwebhooks';
import { beforeEach, expect, test } from 'vitest';
import { signedHeaders } from '../../lib/core/webhooks/signature.ts';
import { problemIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { sentWebhooks } from '../support/sent-webhooks.ts';

const PATH = '/v1/webhook-endpoints';
const URL = 'https://example.com/hook';

let api: ApiHarness;
beforeEach(() => {
  api = new ApiHarness(undefined, { callbacks: 'public' });
});

async function add(json: object = { url: URL }, tenant = 'acme') {
  const response = await api.call('POST', PATH, { json, tenant });
  expect(response.status).toBe(201);
  const created = (await response.json()) as { readonly id: string; readonly secret: string };
  expect(response.headers.get('location')).toBe(`webhook-endpoints/${created.id}`);
  return created;
}

test('the secret of an answer is one that Standard Webhooks takes', async () => {
  const { id, secret } = await add();
  const headers = signedHeaders('id', '{}', [secret], Date.now());
  expect(new Webhook(secret).verify('{}', headers)).toEqual({});
  const response = await api.call('GET', `${PATH}/${id}/secret`, { tenant: 'acme' });
  expect(await response.json()).toEqual({ secret });
  const listed = await (await api.call('GET', PATH, { tenant: 'acme' })).text();
  expect(listed).toContain(id);
  expect(listed).not.toContain('whsec_');
});

test('endpoints of another tenant are unknown', async () => {
  const { id } = await add();
  for (const tenant of ['other', undefined]) {
    expect(await (await api.call('GET', PATH, { tenant })).json()).toEqual({ endpoints: [] });
    const problem = await problemIn(await api.call('GET', `${PATH}/${id}`, { tenant }), 404);
    expect(problem.code).toBe('webhook_endpoint_unknown');
  }
});

test.each([
  [{}, 400, 'url: Invalid input: expected string'],
  [{ url: 'http://example.com' }, 422, 'url: a callback URL must be https, got "http://example.com"'],
  [
    { url: URL, events: ['done'] },
    400,
    'must be one of succeeded, failed, cancelled, expired, progress, got "done"',
  ],
  [{ url: URL, events: [] }, 422, 'events must be one or more of succeeded'],
  [{ url: URL, event: [] }, 400, 'unknown member "event": this call takes url, events, topics, description'],
])('a bad endpoint is refused: %j', async (json, status, detail) => {
  const problem = await problemIn(await api.call('POST', PATH, { json }), status);
  expect(problem.detail).toContain(detail);
});

test.each([
  [{ from: 'yesterday' }, 400, 'from must be a time like 2026-01-31T12:00:00Z, got "yesterday"'],
  [
    { from: '2026-01-31T12:00:00Z', endedBefore: 'now' },
    400,
    'endedBefore must be a time like 2026-01-31T12:00:00Z, got "now"',
  ],
  [{ from: '2026-01-31T12:00:00Z', to: '2026-01-30T12:00:00Z' }, 422, 'from must be before to, got from'],
  [
    { from: '2026-01-31T12:00:00Z', cursor: 'x' },
    400,
    'cursor must be the `next` of a previous page, got "x"',
  ],
])('a bad window is refused: %j', async (json, status, detail) => {
  const { id } = await add();
  const response = await api.call('POST', `${PATH}/${id}/replay`, { json, tenant: 'acme' });
  expect((await problemIn(response, status)).detail).toContain(detail);
});

test('a replay takes a page at a call', async () => {
  const { id } = await add();
  for (let number = 0; number < 120; number++) {
    await api.call('POST', '/v1/requests', { body: String(number), tenant: 'acme' });
  }
  await api.deliver();
  const counts = [];
  let cursor: unknown;
  do {
    const response = await api.call('POST', `${PATH}/${id}/replay`, {
      json: { from: '2026-01-01T00:00:00Z', ...(typeof cursor === 'string' && { cursor }) },
      tenant: 'acme',
    });
    const { next, ...count } = (await response.json()) as { readonly next?: string };
    counts.push(count);
    cursor = next;
  } while (cursor !== undefined);
  expect(counts).toEqual([
    { examined: 100, sent: 100 },
    { examined: 20, sent: 20 },
  ]);
  expect(new Set(sentWebhooks(api.webhookQueue).map((webhook) => webhook.id)).size).toBe(120);
});

test('a request’s webhooks are sent again to its endpoints, too', async () => {
  const { id: endpoint } = await add({ url: URL, events: ['succeeded'] });
  await add({ url: URL, events: ['failed'] });
  const submitted = await api.call('POST', '/v1/requests', {
    body: '1',
    tenant: 'acme',
    headers: { 'Coatcheck-Callback-Url': 'https://example.com/callback' },
  });
  const { id } = (await submitted.json()) as { readonly id: string };
  await api.deliver();
  const repeated = await api.call('POST', `/v1/requests/${id}/webhook`, { tenant: 'acme' });
  expect(repeated.status).toBe(202);
  expect(sentWebhooks(api.webhookQueue).map((webhook) => webhook.endpoint)).toEqual([undefined, endpoint]);
});
