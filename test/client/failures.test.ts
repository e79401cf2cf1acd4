import { expect, test } from 'vitest';
import { AnswerInvalid, type FailureGroup } from '../../lib/client/index.ts';
import { answer, openScriptedApi, requestJson, reset, summaryOf } from '../support/scripted-api.ts';

const GROUP: FailureGroup = {
  id: '80d813265c2121ca',
  code: 'declined',
  message: 'Card <n> was declined',
  firstSeenAt: '2026-01-31T12:00:00.000Z',
  lastSeenAt: '2026-01-31T12:00:01.000Z',
  count: 2,
  tenants: [],
};

const PATH = `/v1/failures/${GROUP.id}`;

test('groups are listed, page by page', async () => {
  const other = { ...GROUP, id: '0123456789abcdef' };
  const { client, calls } = await openScriptedApi([
    answer(200, { groups: [GROUP], next: 'c' }),
    answer(200, { groups: [other] }),
  ]);
  const since = new Date(0);
  expect(await all(client.failures.list({ tenant: 'a&b', since, limit: 1 }))).toEqual([GROUP, other]);
  const query = 'tenant=a%26b&since=1970-01-01T00%3A00%3A00.000Z&limit=1';
  expect(calls.map(summaryOf)).toEqual([`GET /v1/failures?${query}`, `GET /v1/failures?${query}&cursor=c`]);
});

test('a group and its requests are read', async () => {
  const { client, calls } = await openScriptedApi([
    answer(200, GROUP),
    answer(200, { requests: [requestJson()], next: 'c' }),
    answer(200, { requests: [] }),
  ]);
  expect(await client.failures.get(GROUP.id)).toEqual(GROUP);
  expect(await all(client.failures.requests(GROUP.id))).toMatchObject([{ id: 'r-1' }]);
  expect(calls.map(summaryOf)).toEqual([
    `GET ${PATH}`,
    `GET ${PATH}/requests`,
    `GET ${PATH}/requests?cursor=c`,
  ]);
});

test('one page of the requests of a group is read', async () => {
  const { client, calls } = await openScriptedApi([answer(200, { requests: [requestJson()], next: 'd' })]);
  const page = await client.failures.requestsPage(GROUP.id, { tenant: 'acme', limit: 1, cursor: 'c' });
  expect(page).toMatchObject({ requests: [{ id: 'r-1' }], next: 'd' });
  expect(calls.map(summaryOf)).toEqual([`GET ${PATH}/requests?tenant=acme&limit=1&cursor=c`]);
});

test('a note is set, again if its answer is lost', async () => {
  const { client, calls } = await openScriptedApi([reset, answer(200, GROUP)]);
  expect(await client.failures.setNote(GROUP.id, 'fixed in 43')).toEqual(GROUP);
  expect(calls.map(summaryOf)).toEqual([`PUT ${PATH}/note`, `PUT ${PATH}/note`]);
  expect(JSON.parse(String(calls[1]?.body))).toEqual({ text: 'fixed in 43' });
});

test('an answer that is no group is refused', async () => {
  const { client } = await openScriptedApi([answer(200, {}), answer(200, { groups: [{}] })]);
  await expect(client.failures.get(GROUP.id)).rejects.toThrow(AnswerInvalid);
  await expect(all(client.failures.list())).rejects.toThrow(AnswerInvalid);
});

test('requests are listed by all conditions', async () => {
  const { client, calls } = await openScriptedApi([answer(200, { requests: [] })]);
  const times = { since: new Date(0), until: '2026-01-31T12:00:00Z' };
  const conditions = { topic: 'orders', code: 'declined', handlerVersion: '42', tenant: 'a/b' };
  const metadata = { customer: 'acme & co', order: '17' };
  await all(client.list({ status: 'failed', ...conditions, webhook: 'dead_lettered', metadata, ...times }));
  expect(calls.map(summaryOf)).toEqual([
    'GET /v1/tenants/~YS9i/requests?status=failed&topic=orders&code=declined&handlerVersion=42&webhook=dead_lettered' +
      '&metadata.customer=acme%20%26%20co&metadata.order=17&since=1970-01-01T00%3A00%3A00.000Z' +
      '&until=2026-01-31T12%3A00%3A00Z',
  ]);
});

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
