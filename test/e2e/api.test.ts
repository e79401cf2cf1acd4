import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { Service, type SubmittedRequest } from './service.ts';

const service = new Service('E2e-cloudevents');

async function ended(id: string): Promise<SubmittedRequest> {
  for (;;) {
    const response = await service.call('GET', `/v1/requests/${id}`, { headers: { Prefer: 'wait=10' } });
    const request = (await response.json()) as SubmittedRequest;
    if (['succeeded', 'failed', 'cancelled', 'expired'].includes(request.status)) return request;
  }
}

async function resultOf(id: string): Promise<unknown> {
  const response = await service.call('GET', `/v1/requests/${id}/result`);
  if (response.status !== 303) return response.json();
  return (await fetch(response.headers.get('location') ?? '')).json();
}

describe('a request submitted by HTTP', () => {
  test('is handled, and its outcome is published and can be read', async () => {
    const headers = { 'Coatcheck-Metadata-Colour': 'blue', Prefer: 'wait=10' };
    const request = await service.submit({ do: 'echo', value: 12345678901234567890n.toString() }, headers);
    const expected = {
      value: '12345678901234567890',
      attempt: 1,
      contentType: 'application/json',
      metadata: { colour: 'blue' },
    };

    expect(await ended(request.id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await resultOf(request.id)).toMatchObject(expected);
    expect(await service.event(request.id)).toMatchObject({ subject: request.id, data: expected });
  });

  test('reaches the handler byte for byte, in the message or by reference', async () => {
    for (const size of [1_000, 400_000]) {
      const body = Uint8Array.from({ length: size }, (_, index) => index % 251);
      const headers = { 'Content-Type': 'application/octet-stream', Prefer: 'wait=10' };
      const response = await service.call('POST', '/v1/requests', { body, headers });
      const { id } = (await response.json()) as SubmittedRequest;

      expect(await ended(id)).toMatchObject({ status: 'succeeded' });
      expect(await resultOf(id)).toMatchObject({ bytes: size });
    }
  });

  test('that fails has a problem', async () => {
    const { id } = await service.submit({ do: 'refuse', reason: 'out of paper' });
    expect(await ended(id)).toMatchObject({
      status: 'failed',
      problem: { code: 'refused', detail: 'out of paper', details: { by: 'test' } },
    });
    const response = await service.call('GET', `/v1/requests/${id}/result`);
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'request_failed' }]);
  });

  test('with a large result redirects to the store', async () => {
    const { id } = await service.submit({ do: 'fill', megabytes: 2 });
    expect(await ended(id)).toMatchObject({ status: 'succeeded', result: { size: 2_000_000 } });
    const { status, headers } = await service.call('GET', `/v1/requests/${id}/result`);
    expect(status).toBe(303);
    const fetched = await fetch(headers.get('location') ?? '');
    expect((await fetched.arrayBuffer()).byteLength).toBe(2_000_000);
  });

  test('that has expired is not run', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const inTime = await service.submit({ do: 'stamp' }, { 'Coatcheck-Expires-At': soon });
    expect(await ended(inTime.id)).toMatchObject({ status: 'succeeded', expiresAt: soon });
  });

  test('is listed', async () => {
    const { id } = await service.submit({ do: 'stamp' });
    await ended(id);
    await eventually(async () => {
      const seen: string[] = [];
      let path: string | undefined = '/v1/requests?limit=3&status=succeeded';
      while (path !== undefined && !seen.includes(id)) {
        const page = (await (await service.call('GET', path)).json()) as ListPage;
        seen.push(...page.requests.map((request) => request.id));
        path = page.next && `/v1/requests?limit=3&status=succeeded&cursor=${page.next}`;
      }
      expect(seen).toContain(id);
    });
  });

  test('is listed by its declared metadata, as an upload is', async () => {
    const colour = crypto.randomUUID();
    const payload = { do: 'stamp' } as const;
    const headers = { 'Coatcheck-Metadata-Colour': colour, 'Coatcheck-Metadata-Other': 'x' };
    const submitted = await service.submit(payload, headers);
    const key = `requests/${colour}.json`;
    const uploaded = await service.upload(key, JSON.stringify(payload), 'application/json', undefined, {
      colour,
    });
    await ended(submitted.id);
    const expected = [submitted.id, uploaded.id].map((id) => ({ id, metadata: { colour } }));
    await eventually(async () => {
      const listed = await service.call('GET', `/v1/requests?metadata.colour=${colour}&status=succeeded`);
      const { requests } = (await listed.json()) as ListPage;
      expect(requests).toHaveLength(expected.length);
      for (const request of expected) expect(requests).toContainEqual(expect.objectContaining(request));
    });
    const refused = await service.call('GET', '/v1/requests?metadata.other=x');
    expect([refused.status, await refused.json()]).toMatchObject([400, { code: 'metadata_undeclared' }]);
  });
});

describe('a payload can be had', () => {
  const payloadOf = (id: string) => service.call('GET', `/v1/requests/${id}/payload`);
  const linked = async (response: Response) => {
    expect(response.status).toBe(303);
    return fetch(response.headers.get('location') ?? '');
  };

  test('from the store after its request has ended, until it is deleted there', async () => {
    const body = new Uint8Array(
      gzipSync(JSON.stringify({ do: 'echo', value: randomBytes(400_000).toString('base64') })),
    );
    const headers = { 'Content-Type': 'application/vnd.coatcheck+json', 'Content-Encoding': 'gzip' };
    const response = await service.call('POST', '/v1/requests', { body, headers });
    const { id } = (await response.json()) as SubmittedRequest;
    await ended(id);
    const redirect = await payloadOf(id);
    const location = new URL(redirect.headers.get('location') ?? '');
    // The emulator ignores it for an object of a version.
    expect(location.searchParams.get('response-content-encoding')).toBe('gzip');
    const fetched = await linked(redirect);
    expect(fetched.headers.get('content-type')).toBe('application/vnd.coatcheck+json');
    const bytes = Buffer.from(await fetched.arrayBuffer());
    expect(JSON.parse(gunzipSync(bytes).toString())).toMatchObject({ do: 'echo' });
    const { key = '', versionId = '' } = (await service.record(id))?.payload?.check ?? {};
    await service.remove(key, versionId);
    const gone = await payloadOf(id);
    expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'payload_gone' }]);
  });

  test('from the store where it was uploaded', async () => {
    const payload = JSON.stringify({ do: 'echo', value: 'uploaded' });
    const { id, send } = await formFor({ size: payload.length, contentType: 'application/json' });
    await send(payload);
    await ended(id);
    const fetched = await linked(await payloadOf(id));
    expect(fetched.headers.get('content-type')).toBe('application/json');
    expect(await fetched.text()).toBe(payload);
  });

  test('from no message: the answer says so', async () => {
    const { id } = await service.submit({ do: 'stamp' });
    await ended(id);
    const gone = await payloadOf(id);
    expect([gone.status, await gone.json()]).toMatchObject([410, { code: 'payload_gone' }]);
  });

  test('by operators under its tenant only', async () => {
    const { id } = await service.submit({ do: 'stamp' });
    const path = `/v1/tenants/acme/requests/${id}`;
    for (const rest of ['', '/payload', '/result']) {
      const other = await service.call('GET', path + rest);
      expect([other.status, await other.json()]).toMatchObject([404, { code: 'request_unknown' }]);
    }
  });
});

interface ListPage {
  readonly requests: readonly SubmittedRequest[];
  readonly next?: string;
}

describe.each([
  ['Idempotency-Key', 'idempotency_key'],
  ['Coatcheck-Request-Id', 'request_id'],
])('%s', (header, code) => {
  test('makes concurrent calls one request (fault 1)', async () => {
    const headers = { [header]: crypto.randomUUID() };
    const submitted = () => service.call('POST', '/v1/requests', { json: { do: 'stamp' }, headers });
    const responses = await Promise.all(Array.from({ length: 12 }, submitted));

    const tickets = new Set<string>();
    for (const response of responses) {
      const body = (await response.json()) as { id?: string; code?: string };
      if (response.status === 202) tickets.add(body.id ?? '');
      else expect([response.status, body.code]).toEqual([409, `${code}_busy`]);
    }
    expect(tickets.size).toBe(1);
    const [id = ''] = tickets;
    expect(await ended(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    const again = await service.submit({ do: 'stamp' }, headers);
    expect(again).toMatchObject({ id, status: 'succeeded' });
  });

  test('is for one payload (fault 2)', async () => {
    const headers = { [header]: crypto.randomUUID() };
    await service.submit({ do: 'stamp' }, headers);
    const response = await service.call('POST', '/v1/requests', {
      json: { do: 'stamp', padding: 1 },
      headers,
    });
    expect([response.status, await response.json()]).toMatchObject([422, { code: `${code}_reused` }]);
  });
});

describe('a payload uploaded with a ticket', () => {
  test('by a form belongs to the ticket', async () => {
    const payload = JSON.stringify({ do: 'echo', value: 'uploaded' });
    const order = { size: payload.length, contentType: 'application/json', metadata: { colour: 'red' } };
    const response = await service.call('POST', '/v1/uploads', { json: order });
    expect(response.status).toBe(201);
    const { request, upload } = (await response.json()) as UploadTicket;
    expect(request.status).toBe('awaiting_upload');

    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
    form.set('file', new Blob([payload]));
    expect((await fetch(upload.url, { method: 'POST', body: form })).status).toBe(204);

    expect(await ended(request.id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await resultOf(request.id)).toMatchObject({ value: 'uploaded', metadata: { colour: 'red' } });
    expect(await service.event(request.id)).toMatchObject({ subject: request.id });
  });

  test('of a cancelled request is not run', async () => {
    const payload = JSON.stringify({ do: 'stamp' });
    const order = { size: payload.length, contentType: 'application/json' };
    const { request, upload } = (await (
      await service.call('POST', '/v1/uploads', { json: order })
    ).json()) as UploadTicket;
    expect((await service.call('POST', `/v1/requests/${request.id}/cancel`)).status).toBe(200);
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
    form.set('file', new Blob([payload]));
    await fetch(upload.url, { method: 'POST', body: form });

    expect(await service.event(request.id)).toMatchObject({ type: 'coatcheck.request.cancelled' });
    expect(await ended(request.id)).toMatchObject({ status: 'cancelled', attempts: 0 });
  });
});

/** Gets a ticket for a form. @returns the ticket, and a function that sends the form */
async function formFor(order: object) {
  const response = await service.call('POST', '/v1/uploads', { json: order });
  expect(response.status).toBe(201);
  const { request, upload } = (await response.json()) as UploadTicket;
  const send = async (payload: string | Uint8Array<ArrayBuffer>) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(upload.fields)) form.set(name, value);
    form.set('file', new Blob([payload]));
    return (await fetch(upload.url, { method: 'POST', body: form })).status;
  };
  return { id: request.id, send };
}

test('B3: a form that is sent again while its request awaits a retry changes nothing', async () => {
  const payloadOf = (value: string) =>
    JSON.stringify({ do: 'fail', untilAttempt: 2, afterSeconds: 10, value });
  const { id, send } = await formFor({ size: payloadOf('first').length, contentType: 'application/json' });
  expect(await send(payloadOf('first'))).toBe(204);
  await eventually(async () =>
    expect(await service.record(id)).toMatchObject({ status: 'queued', attempts: 1 }),
  );
  expect(await send(payloadOf('other'))).toBe(204);

  expect(await ended(id)).toMatchObject({ status: 'succeeded' });
  expect(await resultOf(id)).toMatchObject({ value: 'first' });
  const [one, another] = await service.events(id, 2);
  expect(another).toMatchObject({ id: one?.id, data: { value: 'first' } });
});

describe('B5: a payload with a Content-Encoding', () => {
  const payload = gzipSync(JSON.stringify({ do: 'echo', value: 'encoded' }));

  test('submitted as bytes is decoded', async () => {
    const headers = { 'Content-Type': 'application/vnd.coatcheck+json', 'Content-Encoding': 'gzip' };
    const response = await service.call('POST', '/v1/requests', { body: new Uint8Array(payload), headers });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as SubmittedRequest;
    expect(await ended(id)).toMatchObject({ status: 'succeeded' });
    expect(await resultOf(id)).toMatchObject({ value: 'encoded' });
  });

  test.each([
    ['that the gateway would damage', 'application/json', 'gzip'],
    ['in a coding that isn’t known', 'application/octet-stream', 'exi'],
  ])('%s is rejected', async (_, contentType, contentEncoding) => {
    const headers = { 'Content-Type': contentType, 'Content-Encoding': contentEncoding };
    const response = await service.call('POST', '/v1/requests', { body: new Uint8Array(payload), headers });
    expect([response.status, await response.json()]).toMatchObject([
      415,
      { code: 'content_encoding_unsupported' },
    ]);
  });
});

test('B4: an upload in parts is not completed with some of its parts, and can be aborted', async () => {
  const json = { size: 64 * 1024 * 1024 + 5, contentType: 'application/octet-stream', multipart: true };
  const opened = await service.call('POST', '/v1/uploads', { json });
  const { request, upload } = (await opened.json()) as {
    request: SubmittedRequest;
    upload: { uploadName: string };
  };
  const { uploadName } = upload;
  const call = (step: string, order: object) =>
    service.call('POST', `/v1/uploads/${request.id}/${step}`, { json: { uploadName, ...order } });
  const { parts } = (await (await call('parts', { numbers: [2] })).json()) as { parts: { url: string }[] };
  const put = await fetch(parts[0]?.url ?? '', { method: 'PUT', body: 'hello' });
  const completed = await call('complete', { parts: [{ number: 2, etag: put.headers.get('etag') }] });
  expect([completed.status, await completed.json()]).toMatchObject([409, { code: 'upload_incomplete' }]);
  expect(await service.record(request.id)).toMatchObject({ status: 'awaiting_upload' });

  const aborted = await call('abort', {});
  expect([aborted.status, await aborted.json()]).toMatchObject([200, { status: 'cancelled' }]);
});

interface UploadTicket {
  readonly request: SubmittedRequest;
  readonly upload: { readonly url: string; readonly fields: Readonly<Record<string, string>> };
}

test('rejects callers without a token', async () => {
  const guarded = new Service('E2e-raw');
  expect((await guarded.call('GET', '/v1/status')).status).toBe(401);
  const headers = { Authorization: 'Bearer e30.e30.e30' };
  expect((await guarded.call('POST', '/v1/requests', { body: 'x', headers })).status).toBe(401);
});

test('shows the load of the service', async () => {
  const response = await service.call('GET', '/v1/status');
  expect(await response.json()).toMatchObject({ accepting: true, load: { maxWaitSeconds: 900 } });
});
