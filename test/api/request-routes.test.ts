import { describe, expect, test } from 'vitest';
import { RequestPage } from '../../lib/api/schemas.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { requestPath } from '../../lib/core/model/request-links.ts';
import { MemoryRecordStore } from '../../lib/stores/memory/record-store.ts';
import { exactly, problemIn, requestIn } from '../support/api-answers.ts';
import { ApiHarness } from '../support/api-harness.ts';
import { delivery, requestDelivery } from '../support/delivery.ts';
import { s3Event, s3Record } from '../support/s3-records.ts';
import { START } from '../support/test-clock.ts';

const ACME = { tenant: 'acme' };

async function submitted(api: ApiHarness, tenant: string | undefined = 'acme'): Promise<string> {
  return (await requestIn(await api.call('POST', '/v1/requests', { body: 'hello', tenant }), 202)).id;
}

describe('a request', () => {
  test('belongs to its tenant and is unknown to all others', async () => {
    const api = new ApiHarness();
    const id = await submitted(api);
    expect((await requestIn(await api.call('GET', `/v1/requests/${id}`, ACME), 200)).id).toBe(id);
    for (const tenant of ['other', '', undefined]) {
      for (const [method, path] of [
        ['GET', ''],
        ['GET', '/result'],
        ['POST', '/cancel'],
      ] as const) {
        const response = await api.call(method, `/v1/requests/${id}${path}`, { tenant });
        expect((await problemIn(response, 404)).code).toBe('request_unknown');
      }
    }
    expect(api.harness.records.all()).toMatchObject([{ record: { status: 'queued' } }]);
  });

  test('shows its trace, whether a header or an upload sets it', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const api = new ApiHarness();
    const headers = { traceparent };
    const submission = await api.call('POST', '/v1/requests', { body: 'hello', headers });
    expect((await requestIn(submission, 202)).traceparent).toBe(traceparent);

    api.harness.store.put('requests/a', 'hello', { metadata: { traceparent } });
    await api.harness.process([delivery(s3Event(s3Record({ key: 'requests/a', size: 5 })))]);
    const [uploaded] = api.harness.records.all().filter(({ record }) => record.outcome);
    const path = `/v1/requests/${uploaded?.record.request.id}`;
    expect((await requestIn(await api.call('GET', path), 200)).traceparent).toBe(traceparent);
  });

  test('from a queue is found by its source', async () => {
    const api = new ApiHarness(async () => 'x'.repeat(10));
    const id = 'orders/1?a=ü&b';
    const source = 'https://example.com/shop?x=1&y=ü#z';
    const event = { specversion: '1.0', id, source, type: 'order', tenant: 'acme', data: 1 };
    await api.harness.process([delivery(JSON.stringify(event))]);
    const path = `/v1/requests/${encodeURIComponent(id)}`;
    expect((await problemIn(await api.call('GET', path, ACME), 404)).code).toBe('request_unknown');
    const found = await api.call('GET', `${path}?source=${encodeURIComponent(source)}`, ACME);
    const { links, ...request } = await requestIn(found, 200);
    expect(request).toMatchObject({ id, source, status: 'succeeded' });
    // Its links name the source as well.
    expect(await requestIn(await api.call('GET', links.self, ACME), 200)).toMatchObject({ id, source });
    expect(await (await api.call('GET', links.result, ACME)).json()).toBe('x'.repeat(10));
    expect((await problemIn(await api.call('POST', links.cancel, ACME), 409)).code).toBe('request_finished');
  });

  test.each([
    'a%2Fb',
    '%E0%A4%A',
    '%00',
    '%20',
    'ü',
    '%F0%9F%A7%A5',
    '..%2F..%2Fstatus',
    '%25',
    'toString',
    'x'.repeat(256),
    '~',
    '~YS9i',
    '~YS9i=',
  ])('named %s is unknown', async (id) => {
    const api = new ApiHarness();
    expect((await problemIn(await api.call('GET', `/v1/requests/${id}`), 404)).code).toBe('request_unknown');
    expect((await problemIn(await api.call('POST', `/v1/requests/${id}/cancel`), 404)).code).toBe(
      'request_unknown',
    );
  });

  test.each([
    [`/v1/requests/${'x'.repeat(1_026)}`],
    ['/v1/requests/a?source=b&source=c'],
    [`/v1/requests/a?source=${'x'.repeat(2_049)}`],
    [`/v1/requests/${'x'.repeat(1_026)}/result`],
  ])('at %s is malformed', async (path) => {
    expect((await problemIn(await new ApiHarness().call('GET', path), 400)).code).toBe('request_malformed');
  });

  test('B15: whose id ends like the path of a result is not that result', async () => {
    const api = new ApiHarness(async (request) => request.id);
    const ids = ['p', 'p/result', 'p?', '..', '~cA'];
    for (const id of ids) {
      await api.harness.process([requestDelivery(id)]);
      const { links, ...request } = await requestIn(await api.call('GET', requestPath(id)), 200);
      expect(request).toMatchObject({ id, status: 'succeeded' });
      expect(await requestIn(await api.call('GET', links.self), 200)).toMatchObject({ id });
      expect(await (await api.call('GET', links.result)).json()).toBe(id);
    }
  });

  test('shows the version of the code that took it', async () => {
    const versioned = new ApiHarness(() => 'done', { handlerVersion: '42' });
    const id = await submitted(versioned);
    const path = `/v1/requests/${id}`;
    expect(await requestIn(await versioned.call('GET', path, ACME), 200)).not.toHaveProperty(
      'handlerVersion',
    );
    await versioned.deliver();
    expect(await requestIn(await versioned.call('GET', path, ACME), 200)).toMatchObject({
      status: 'succeeded',
      handlerVersion: '42',
    });
  });

  test('shows the progress of its handler and the previous error', async () => {
    let attempt = 0;
    const api: ApiHarness = new ApiHarness(async (request) => {
      if (++attempt === 1) throw new TypeError('not today');
      api.harness.clock.advanceSeconds(5);
      request.progress(0.25, 'a quarter');
      const path = `/v1/requests/${request.id}`;
      const resource = await requestIn(await api.call('GET', path, ACME), 200);
      expect(resource).toMatchObject({
        status: 'running',
        attempts: 2,
        progress: { fraction: 0.25, note: 'a quarter' },
        lastError: { name: 'TypeError', message: 'not today' },
      });
      return resource.status;
    });
    const id = await submitted(api);
    await api.deliver();
    const waiting = await requestIn(await api.call('GET', `/v1/requests/${id}`, ACME), 200);
    expect(waiting).toMatchObject({ status: 'queued', attempts: 1, lastError: { message: 'not today' } });
    await api.harness.process(api.queue.sent.map(({ message }) => delivery(message, { deliveryCount: 2 })));
    expect(api.harness.event.data).toBe('running');
    const ended = await requestIn(await api.call('GET', `/v1/requests/${id}`, ACME), 200);
    expect(ended).toMatchObject({ status: 'succeeded', endedAt: '2026-01-31T12:00:05.000Z' });
    expect(ended).toMatchObject({ result: { size: 9, contentType: 'application/json' } });
    expect(ended.progress).toBeUndefined();
  });
});

describe('an ETag', () => {
  async function tagged(api: ApiHarness, id: string, headers = {}) {
    const response = await api.call('GET', `/v1/requests/${id}`, { ...ACME, headers });
    return { etag: response.headers.get('etag') ?? '', status: response.status, response };
  }

  test('changes only when the resource changes', async () => {
    const api = new ApiHarness();
    const id = await submitted(api);
    const { etag } = await tagged(api, id);
    expect(etag).toMatch(/^"[\da-f]+"$/);
    api.harness.clock.advanceSeconds(60);
    expect((await tagged(api, id)).etag).toBe(etag);
    await api.deliver();
    const ended = (await tagged(api, id)).etag;
    expect(ended).not.toBe(etag);
    api.harness.clock.advanceSeconds(60);
    expect((await tagged(api, id)).etag).toBe(ended);
  });

  test('changes with the progress of a handler', async () => {
    const tags: string[] = [];
    const api: ApiHarness = new ApiHarness(async (request) => {
      for (const fraction of [0.1, 0.2]) {
        api.harness.clock.advanceSeconds(5);
        request.progress(fraction);
        tags.push((await tagged(api, request.id)).etag);
      }
    });
    await submitted(api);
    await api.deliver();
    expect(new Set(tags).size).toBe(2);
  });

  test('differs between requests created at the same moment', async () => {
    const api = new ApiHarness();
    const [one, other] = [await submitted(api), await submitted(api)];
    expect((await tagged(api, one)).etag).not.toBe((await tagged(api, other)).etag);
  });

  test.each([
    ['the tag', (etag: string) => etag],
    ['the tag as a weak one', (etag: string) => `W/${etag}`],
    ['it among others', (etag: string) => `"a", ${etag} , W/"b"`],
    ['any', () => '*'],
  ])('that matches %s gets 304', async (_, known) => {
    const api = new ApiHarness();
    const id = await submitted(api);
    const { etag } = await tagged(api, id);
    const { status, response } = await tagged(api, id, { 'If-None-Match': known(etag) });
    expect(status).toBe(304);
    expect(await response.text()).toBe('');
    expect(Object.fromEntries(response.headers)).toEqual({
      etag,
      'cache-control': 'no-store',
      'retry-after': '2',
    });
  });

  test.each(['"other"', 'W/"*"', '""', 'W/', ',', 'x'.repeat(10_000)])(
    'that does not match %s gets the request',
    async (known) => {
      const api = new ApiHarness();
      expect((await tagged(api, await submitted(api), { 'If-None-Match': known })).status).toBe(200);
    },
  );

  test('from before a change no longer matches', async () => {
    const api = new ApiHarness();
    const id = await submitted(api);
    const { etag } = await tagged(api, id);
    await api.deliver();
    expect((await tagged(api, id, { 'If-None-Match': etag })).status).toBe(200);
  });

  test('leaves out what the request waits for', async () => {
    const api = new ApiHarness();
    const id = await submitted(api);
    const before = await tagged(api, id);
    const pace = { slots: 1, meanSeconds: 1, variation: 1, together: 1, drift: 0, sample: 1 };
    api.admission.load = { pace, pause: { until: api.harness.clock.now() + 60_000, reason: 'it is down' } };
    const after = await tagged(api, id);
    expect(await after.response.json()).toMatchObject({
      why: 'processing is paused until 12:01 UTC: it is down',
      isPaused: true,
    });
    expect(after.etag).toBe(before.etag);
  });
});

describe('a long poll', () => {
  /** An API that counts its reads of records. */
  function counting() {
    const records = new MemoryRecordStore();
    const count = { reads: 0 };
    const recordStore = {
      read: (...args: Parameters<typeof records.read>) => {
        count.reads++;
        return records.read(...args);
      },
      write: records.write.bind(records),
    };
    const api = new ApiHarness(undefined, { ports: { records }, recordStore });
    return { api, records, count };
  }

  async function polled(api: ApiHarness, id: string, seconds: number) {
    const before = api.harness.clock.now();
    const options = { ...ACME, headers: { Prefer: `wait=${seconds}` } };
    const response = await api.call('GET', `/v1/requests/${id}`, options);
    return { response, tookSeconds: (api.harness.clock.now() - before) / 1000 };
  }

  test('returns as soon as the request ends', async () => {
    const { api, count } = counting();
    const id = await submitted(api);
    api.onWait = async () => {
      if (api.harness.clock.now() >= START + 3_000) await api.deliver();
    };
    count.reads = 0;
    const { response, tookSeconds } = await polled(api, id, 20);
    expect(response.headers.get('preference-applied')).toBe('wait=20');
    expect(response.headers.get('retry-after')).toBeNull();
    expect((await requestIn(response, 200)).status).toBe('succeeded');
    expect(tookSeconds).toBeGreaterThanOrEqual(3);
    expect(tookSeconds).toBeLessThanOrEqual(4);
    expect(count.reads).toBeLessThan(12);
  });

  test('returns at the end of its time, after few reads', async () => {
    const { api, count } = counting();
    const id = await submitted(api);
    count.reads = 0;
    const { response, tookSeconds } = await polled(api, id, 20);
    expect((await requestIn(response, 200)).status).toBe('queued');
    expect(response.headers.get('retry-after')).toBe('2');
    expect(tookSeconds).toBe(20);
    expect(count.reads).toBeLessThanOrEqual(30);
  });

  test('of an ended request reads once and does not wait', async () => {
    const { api, count } = counting();
    const id = await submitted(api);
    await api.deliver();
    count.reads = 0;
    const { response, tookSeconds } = await polled(api, id, 20);
    expect(response.headers.get('preference-applied')).toBe('wait=20');
    expect([count.reads, tookSeconds]).toEqual([1, 0]);
  });

  test('of an unknown request does not wait', async () => {
    const { api } = counting();
    const { response, tookSeconds } = await polled(api, 'unknown', 20);
    await problemIn(response, 404);
    expect(tookSeconds).toBe(0);
  });

  test('with a known version waits too, and gets 304 if nothing changes', async () => {
    const { api } = counting();
    const id = await submitted(api);
    const known = (await api.call('GET', `/v1/requests/${id}`, ACME)).headers.get('etag') ?? '';
    const headers = { 'If-None-Match': known, Prefer: 'wait=5' };
    const response = await api.call('GET', `/v1/requests/${id}`, { ...ACME, headers });
    expect(response.status).toBe(304);
    expect(api.harness.clock.now()).toBe(START + 5_000);
  });

  test('gets the last known state if the record becomes unreadable', async () => {
    const { api, records } = counting();
    const id = await submitted(api);
    records.faults.inject('read', 'works', 'fails before');
    expect((await requestIn((await polled(api, id, 20)).response, 200)).status).toBe('queued');
  });
});

describe('a cancellation', () => {
  const cancel = (api: ApiHarness, id: string) => api.call('POST', `/v1/requests/${id}/cancel`, ACME);

  test('of a queued request ends it: the request never runs, and its outcome is published', async () => {
    let runs = 0;
    const api = new ApiHarness(() => ++runs);
    const id = await submitted(api);
    const request = await requestIn(await cancel(api, id), 200);
    expect(request).toMatchObject({
      status: 'cancelled',
      attempts: 0,
      problem: { code: 'request_cancelled' },
    });
    await api.deliver();
    expect(runs).toBe(0);
    expect(api.harness.statuses).toEqual({ [id]: 'cancelled' });
  });

  test('has the same effect when repeated', async () => {
    const api = new ApiHarness();
    const id = await submitted(api);
    const first = await requestIn(await cancel(api, id), 200);
    api.harness.clock.advanceSeconds(5);
    expect(await requestIn(await cancel(api, id), 200)).toEqual(first);
  });

  test('of a running request reaches its handler with the next progress report', async () => {
    const api: ApiHarness = new ApiHarness(async (request) => {
      const asked = await cancel(api, request.id);
      expect(asked.headers.get('retry-after')).toBe('2');
      expect((await requestIn(asked, 202)).status).toBe('cancelling');
      expect((await requestIn(await cancel(api, request.id), 202)).status).toBe('cancelling');
      expect(request.signal.aborted).toBe(false);
      api.harness.clock.advanceSeconds(5);
      const stopped = new Promise((resolve) => request.signal.addEventListener('abort', resolve));
      request.progress(0.5);
      await stopped;
      throw new Error('stopped');
    });
    const id = await submitted(api);
    await api.deliver();
    const request = await requestIn(await api.call('GET', `/v1/requests/${id}`, ACME), 200);
    expect(request).toMatchObject({
      status: 'cancelled',
      attempts: 1,
      problem: { code: 'request_cancelled' },
    });
    expect(api.harness.statuses).toEqual({ [id]: 'cancelled' });
  });

  test('is too late if the handler ignores it', async () => {
    const api: ApiHarness = new ApiHarness(async (request) => {
      await requestIn(await cancel(api, request.id), 202);
    });
    const id = await submitted(api);
    await api.deliver();
    expect((await requestIn(await api.call('GET', `/v1/requests/${id}`, ACME), 200)).status).toBe(
      'succeeded',
    );
    expect((await problemIn(await cancel(api, id), 409)).code).toBe('request_finished');
  });

  test('ends a request whose attempt never reported back', async () => {
    const api: ApiHarness = new ApiHarness();
    const id = await submitted(api);
    const request = { id, source: '', tenant: 'acme' };
    await api.records.claim(request, START + 60_000);
    api.harness.clock.advanceSeconds(60);
    expect((await requestIn(await cancel(api, id), 200)).status).toBe('cancelled');
  });

  test('of a request that ended otherwise is refused, and the answer shows its status', async () => {
    const api = new ApiHarness();
    const id = await submitted(api);
    await api.deliver();
    const { code, detail } = await problemIn(await cancel(api, id), 409);
    expect(code).toBe('request_finished');
    expect(detail).toContain('succeeded');
    expect(api.harness.statuses).toEqual({ [id]: 'succeeded' });
  });

  test('that repeatedly loses to concurrent writes gets a Retry-After of one second', async () => {
    const records = new MemoryRecordStore();
    let revision = 1;
    const recordStore = {
      read: records.read.bind(records),
      write: async (next: Parameters<typeof records.write>[0]) => {
        if (next.record.status !== 'cancelled') return records.write(next);
        return { written: false as const, stored: { ...(await stored()), revision: ++revision } };
      },
    };
    const api = new ApiHarness(undefined, { ports: { records }, recordStore });
    const id = await submitted(api);
    async function stored() {
      const one = await records.read({ id, source: '', tenant: 'acme' });
      if (!one) throw new Error('there is no record');
      return one;
    }
    const response = await cancel(api, id);
    expect(response.headers.get('retry-after')).toBe('1');
    expect((await problemIn(response, 409)).code).toBe('record_contended');
  });
});

describe('a list', () => {
  async function page(api: ApiHarness, path: string, tenant: string | undefined = 'acme') {
    const response = await api.call('GET', path, { tenant });
    expect(response.headers.get('cache-control')).toBe('no-store');
    const link = response.headers.get('link');
    const { requests, next } = exactly(RequestPage, await response.json());
    const target = link === null ? undefined : /^<([^<>]*)>; rel="next"$/.exec(link)?.[1];
    expect(target === undefined).toBe(next === undefined);
    return { ids: requests.map(({ id }) => id), requests, next, target };
  }

  /** Follows the links of a list to its end, like a client of an API below a path. */
  async function followed(api: ApiHarness, first: string, tenant?: string) {
    const base = 'https://example.com/prod/api';
    const pages: string[][] = [];
    for (let path: string | undefined = first; path !== undefined; ) {
      const { ids, target }: Awaited<ReturnType<typeof page>> = await page(api, path, tenant);
      pages.push(ids);
      const { href } = new URL(target ?? '', `${base}${path}`);
      expect(href.startsWith(base)).toBe(true);
      path = target === undefined ? undefined : href.slice(base.length);
      expect(pages.length).toBeLessThan(100);
    }
    return pages;
  }

  async function many(api: ApiHarness, number: number, tenant = 'acme') {
    const ids: string[] = [];
    for (let index = 0; index < number; index++) {
      ids.unshift(await submitted(api, tenant));
      api.harness.clock.advanceSeconds(1);
    }
    return ids;
  }

  test('without requests is empty', async () => {
    expect(await page(new ApiHarness(), '/v1/requests')).toEqual({
      ids: [],
      requests: [],
      next: undefined,
      target: undefined,
    });
  });

  test('starts with the newest request, has twenty requests a page, and links to its end', async () => {
    const api = new ApiHarness();
    const ids = await many(api, 45);
    const pages = await followed(api, '/v1/requests');
    expect(pages.map(({ length }) => length)).toEqual([20, 20, 5]);
    expect(pages.flat()).toEqual(ids);
  });

  test.each([1, 7, 45, 100])('with %i requests a page leads to the same end', async (limit) => {
    const api = new ApiHarness();
    const ids = await many(api, 45);
    const pages = await followed(api, `/v1/requests?limit=${limit}`);
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(limit);
    expect(pages.flat()).toEqual(ids);
  });

  test('filtered by status has all matching requests, each once', async () => {
    const api = new ApiHarness();
    const ids = await many(api, 40);
    const cancelled = ids.filter((_, index) => index % 13 === 5);
    for (const id of cancelled) await api.call('POST', `/v1/requests/${id}/cancel`, ACME);
    const pages = await followed(api, '/v1/requests?limit=2&status=cancelled');
    expect(pages.flat()).toEqual(cancelled);
  });

  test('contains only the caller’s requests', async () => {
    const api = new ApiHarness();
    const ids = await many(api, 3);
    const others = await many(api, 3, 'other');
    expect((await page(api, '/v1/requests')).ids).toEqual(ids);
    expect((await page(api, '/v1/requests', 'other')).ids).toEqual(others);
    expect((await page(api, '/v1/requests', '')).ids).toEqual([]);
  });

  test('continued with another tenant’s cursor still contains only the caller’s requests', async () => {
    const api = new ApiHarness();
    const ids = await many(api, 3);
    const { next } = await page(api, '/v1/requests?limit=1');
    const others = await many(api, 3, 'other');
    expect((await page(api, `/v1/requests?cursor=${next}`, 'other')).ids).toEqual([]);
    const { next: othersNext } = await page(api, '/v1/requests?limit=1', 'other');
    expect((await page(api, `/v1/requests?cursor=${othersNext}`)).ids).toEqual(ids);
    expect(others).toHaveLength(3);
  });

  test.each([
    'limit=',
    'limit=0',
    'limit=101',
    'limit=-1',
    'limit=1.5',
    'limit=ten',
    'limit=1e1',
    'limit=0x10',
    'limit=%2010',
    'limit=+10',
    'limit=1&limit=2',
    'status=nope',
    'status=',
    'status=queued&status=failed',
    'cursor=',
    'cursor=abc',
    `cursor=${'x'.repeat(256)}`,
    'cursor=a&cursor=b',
    `cursor=${Buffer.from('2026-01-31T12:00:00.000Z#').toString('base64url')}`,
    `cursor=${Buffer.from(`x2026-01-31T12:00:00.000Z#${'a'.repeat(32)}`).toString('base64url')}`,
    'cursor=%00',
  ])('with %s is refused', async (query) => {
    const response = await new ApiHarness().call('GET', `/v1/requests?${query}`);
    expect((await problemIn(response, 400)).code).toBe('request_malformed');
  });
});

test('a list omits the extensions that handlers add to problems, but the request itself has them', async () => {
  const api = new ApiHarness(() => {
    throw new PermanentError('out of paper', { code: 'no_paper', details: { tray: 2 } });
  });
  const submitted = await api.call('POST', '/v1/requests', { body: 'x' });
  await api.deliver();
  const { requests } = exactly(RequestPage, await (await api.call('GET', '/v1/requests')).json());
  const [listed] = requests;
  expect(listed?.problem).toMatchObject({ code: 'no_paper', detail: 'out of paper' });
  expect(listed?.problem).not.toHaveProperty('details');
  const whole = await requestIn(await api.call('GET', `/v1/${submitted.headers.get('location')}`), 200);
  expect(whole.problem?.details).toEqual({ tray: 2 });
});
