import { describe, expect, test } from 'vitest';
import { FailureGroupPage, FailureGroupResource } from '../../lib/api/failure-schemas.ts';
import { RequestPage } from '../../lib/api/schemas.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { exactly, problemIn, requestIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { START } from '../support/test-clock.ts';

/** Fails with the code and the message in the payload. */
const failing: Handler = async (request) => {
  const [code = '', message = ''] = (await request.text()).split(': ');
  throw new PermanentError(message, { code });
};

const FRAME = 'failing (failure-routes.test.ts)';

/** An API that has these failures: their payloads by tenant, one second after another. */
async function setUp(...given: readonly (readonly [tenant: string | undefined, body: string])[]) {
  const api = new ApiHarness(failing);
  const ids: string[] = [];
  for (const [tenant, body] of given) {
    const response = await api.call('POST', '/v1/requests', { tenant, body });
    ids.push((await requestIn(response, 202)).id);
    await api.deliver();
    api.harness.clock.advanceSeconds(1);
  }
  return { api, ids };
}

async function groupsIn(response: Response) {
  expect(response.status).toBe(200);
  return exactly(FailureGroupPage, await response.json());
}

async function requestsIn(response: Response) {
  expect(response.status).toBe(200);
  return exactly(RequestPage, await response.json());
}

const DECLINED = 'declined: Card 4711 of "Ann" was declined';
const DECLINED_TOO = 'declined: Card 815 of "Bob" was declined';
const EXPIRED = 'expired: The card has expired';

function at(seconds: number): string {
  return new Date(START + seconds * 1000).toISOString();
}

describe('groups of failures', () => {
  test('are listed, the latest seen first', async () => {
    const { api } = await setUp([undefined, DECLINED], ['acme', EXPIRED], ['acme', DECLINED_TOO]);
    const { groups, next } = await groupsIn(await api.call('GET', '/v1/failures'));
    expect(next).toBeUndefined();
    expect(groups).toEqual([
      {
        id: expect.stringMatching(/^[\da-f]{16}$/),
        code: 'declined',
        message: 'Card <n> of <text> was declined',
        frame: FRAME,
        firstSeenAt: at(0),
        lastSeenAt: at(2),
        count: 2,
        tenants: ['acme'],
      },
      {
        id: expect.stringMatching(/^[\da-f]{16}$/),
        code: 'expired',
        message: 'The card has expired',
        frame: FRAME,
        firstSeenAt: at(1),
        lastSeenAt: at(1),
        count: 1,
        tenants: ['acme'],
      },
    ]);
  });

  test('come in pages', async () => {
    const { api } = await setUp([undefined, DECLINED], [undefined, EXPIRED], [undefined, 'gone: It is gone']);
    const codes: string[] = [];
    let path = '/v1/failures?limit=1';
    for (let pages = 0; pages < 3; pages++) {
      const { groups, next } = await groupsIn(await api.call('GET', path));
      codes.push(...groups.map(({ code }) => code));
      path = `/v1/failures?limit=1&cursor=${next}`;
      expect(next === undefined).toBe(pages === 2);
    }
    expect(codes).toEqual(['gone', 'expired', 'declined']);
  });

  test.each([
    [`since=${at(1)}`, ['declined', 'gone', 'expired']],
    [`since=${at(2)}`, ['declined', 'gone']],
    [`until=${at(2)}`, ['declined', 'expired']],
    [`since=${at(2)}&until=${at(1)}`, ['declined']],
    ['tenant=acme', ['declined', 'expired']],
  ])('are chosen by %s', async (query, expected) => {
    const { api } = await setUp(
      [undefined, DECLINED],
      ['acme', EXPIRED],
      [undefined, 'gone: It is gone'],
      ['acme', DECLINED],
    );
    const { groups } = await groupsIn(await api.call('GET', `/v1/failures?${query}`));
    expect(groups.map(({ code }) => code)).toEqual(expected);
  });

  test('of other tenants are hidden from a caller with a tenant', async () => {
    const { api } = await setUp(['acme', DECLINED], ['other', DECLINED], [undefined, EXPIRED]);
    const { groups } = await groupsIn(await api.call('GET', '/v1/failures', { tenant: 'acme' }));
    expect(groups).toMatchObject([{ code: 'declined', count: 1, tenants: ['acme'] }]);
    const { groups: same } = await groupsIn(
      await api.call('GET', '/v1/failures?tenant=acme', { tenant: 'acme' }),
    );
    expect(same).toEqual(groups);
    expect(
      await problemIn(await api.call('GET', '/v1/failures?tenant=other', { tenant: 'acme' }), 403),
    ).toMatchObject({
      code: 'operator_required',
    });
    const { groups: all } = await groupsIn(await api.call('GET', '/v1/failures'));
    const hidden = all.find(({ code }) => code === 'expired')?.id;
    const path = `/v1/failures/${hidden}`;
    expect(await problemIn(await api.call('GET', path, { tenant: 'acme' }), 404)).toMatchObject({
      code: 'failure_group_unknown',
    });
    const listed = await requestsIn(await api.call('GET', `${path}/requests`, { tenant: 'acme' }));
    expect(listed.requests).toEqual([]);
  });

  test.each(['0123456789abcdef', 'x', '~'])('is unknown by the id %s', async (id) => {
    const { api } = await setUp([undefined, DECLINED]);
    expect(await problemIn(await api.call('GET', `/v1/failures/${id}`), 404)).toMatchObject({
      code: 'failure_group_unknown',
    });
  });

  test('need a cursor of their own', async () => {
    const { api } = await setUp();
    const cursor = Buffer.from(`${at(0)}#${'0'.repeat(32)}`).toString('base64url');
    await problemIn(await api.call('GET', `/v1/failures?cursor=${cursor}`), 400);
    await problemIn(await api.call('GET', '/v1/failures?since=yesterday'), 400);
  });
});

describe('a group', () => {
  test('has requests, which name it', async () => {
    const { api, ids } = await setUp([undefined, DECLINED], ['acme', DECLINED_TOO], [undefined, EXPIRED]);
    const { groups } = await groupsIn(await api.call('GET', '/v1/failures'));
    const id = groups.find(({ code }) => code === 'declined')?.id;
    const { requests } = await requestsIn(await api.call('GET', `/v1/failures/${id}/requests`));
    expect(requests).toMatchObject([
      { id: ids[1], tenant: 'acme', failureGroup: id, problem: { detail: 'Card 815 of "Bob" was declined' } },
      { id: ids[0], failureGroup: id },
    ]);
    expect(requests[1]).not.toHaveProperty('tenant');
    const first = await requestsIn(await api.call('GET', `/v1/failures/${id}/requests?limit=1`));
    const second = await requestsIn(
      await api.call('GET', `/v1/failures/${id}/requests?limit=1&cursor=${first.next}`),
    );
    expect([...first.requests, ...second.requests]).toEqual(requests);
    expect(second.next).toBeUndefined();
    const request = await requestIn(await api.call('GET', `/v1/requests/${ids[0]}`), 200);
    expect(request.failureGroup).toBe(id);
    expect(JSON.stringify(request.problem)).not.toContain('failure-routes');
  });

  test('keeps a note of an operator, which other callers neither make nor see', async () => {
    const { api } = await setUp(['acme', DECLINED]);
    const { groups } = await groupsIn(await api.call('GET', '/v1/failures'));
    const path = `/v1/failures/${groups[0]?.id}`;
    const json = { text: 'fixed in 43' };
    const noted = await api.call('PUT', `${path}/note`, { json });
    expect(exactly(FailureGroupResource, await noted.json())).toMatchObject({ note: { ...json, at: at(1) } });
    const { groups: again } = await groupsIn(await api.call('GET', '/v1/failures'));
    expect(again).toMatchObject([{ note: json }]);
    const seen = await (await api.call('GET', path, { tenant: 'acme' })).json();
    expect(seen).not.toHaveProperty('note');
    const refused = await api.call('PUT', `${path}/note`, { json, tenant: 'acme' });
    expect(await problemIn(refused, 403)).toMatchObject({ code: 'operator_required' });
    const unknown = await api.call('PUT', '/v1/failures/0123456789abcdef/note', { json });
    expect(await problemIn(unknown, 404)).toMatchObject({ code: 'failure_group_unknown' });
    await problemIn(await api.call('PUT', `${path}/note`, { json: { text: 'x'.repeat(2_001) } }), 400);
  });
});

test('a request that used up its attempts is in the group of its last error', async () => {
  const api: ApiHarness = new ApiHarness(async function flaky() {
    throw new TypeError(`no luck on ${Math.random()}`);
  });
  for (let nth = 0; nth < 2; nth++) await api.call('POST', '/v1/requests', { body: 'x' });
  const { maxAttempts } = api.harness.settings;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    await api.harness.process(
      api.queue.sent.map(({ message }) => ({ ...api.deliveryOf(message), deliveryCount: attempt })),
    );
    api.harness.clock.advanceSeconds(3_600);
  }
  const { groups } = await groupsIn(await api.call('GET', '/v1/failures'));
  expect(groups).toMatchObject([
    { code: 'TypeError', message: 'no luck on <n>', frame: 'flaky (failure-routes.test.ts)', count: 2 },
  ]);
});
