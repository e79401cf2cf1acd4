import { beforeEach, describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { failure } from '../../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import {
  MAX_WEBHOOK_ENDPOINTS,
  type NewWebhookEndpoint,
  type WebhookEndpointChanges,
} from '../../../lib/core/model/webhook-endpoint.ts';
import { endpointSecret } from '../../../lib/core/webhooks/endpoint-secrets.ts';
import { WebhookEndpointNotFound } from '../../../lib/core/webhooks/errors.ts';
import { webhookOf } from '../../../lib/core/webhooks/message.ts';
import { inlineOutcome, outcomeOf } from '../../support/outcomes.ts';
import { sentWebhooks } from '../../support/sent-webhooks.ts';
import { START } from '../../support/test-clock.ts';
import { EndpointsHarness, SERVICE_SECRET } from '../../support/webhook-endpoints.ts';

const URL = 'https://example.com/hook';
const ACME = { tenant: 'acme' };
const HOUR = 3_600_000;

let harness: EndpointsHarness;
let endpoints: EndpointsHarness['endpoints'];
beforeEach(() => {
  harness = new EndpointsHarness();
  ({ endpoints } = harness);
});

test('an endpoint is added, listed, found and removed', async () => {
  const { secret, ...created } = await endpoints.create({ url: URL, description: 'of CI' }, ACME);
  expect(created).toEqual({
    id: 'e-1',
    url: URL,
    events: ['succeeded', 'failed'],
    description: 'of CI',
    status: 'enabled',
    createdAt: new Date(START),
  });
  expect(secret).toBe(endpointSecret(SERVICE_SECRET, 'e-1', 1));
  expect(await endpoints.secret('e-1', ACME)).toBe(secret);
  expect(await endpoints.list(ACME)).toEqual([created]);
  expect(await endpoints.get('e-1', ACME)).toEqual(created);
  await endpoints.remove('e-1', ACME);
  expect(await endpoints.list(ACME)).toEqual([]);
});

test('no secret is stored', async () => {
  const { secret } = await endpoints.create({ url: URL }, ACME);
  expect(JSON.stringify(await harness.store.read('acme'))).not.toContain(secret.slice(6));
});

test('an endpoint is that of its tenant only', async () => {
  await endpoints.create({ url: URL }, ACME);
  for (const owner of [{}, { tenant: 'other' }]) {
    expect(await endpoints.list(owner)).toEqual([]);
    for (const call of [
      endpoints.get('e-1', owner),
      endpoints.secret('e-1', owner),
      endpoints.update('e-1', { status: 'disabled' }, owner),
      endpoints.rotate('e-1', owner),
      endpoints.test('e-1', owner),
      endpoints.replay('e-1', { from: new Date(0) }, owner),
      endpoints.remove('e-1', owner),
    ]) {
      await expect(call).rejects.toThrow(WebhookEndpointNotFound);
    }
  }
  expect(await endpoints.list(ACME)).toHaveLength(1);
});

test('there are at most so many for a tenant, also when they are added at the same time', async () => {
  const adding = Array.from({ length: MAX_WEBHOOK_ENDPOINTS }, () => endpoints.create({ url: URL }, ACME));
  const added = (await Promise.allSettled(adding)).filter(({ status }) => status === 'fulfilled').length;
  for (let more = added; more < MAX_WEBHOOK_ENDPOINTS; more++) await endpoints.create({ url: URL }, ACME);
  await expect(endpoints.create({ url: URL }, ACME)).rejects.toMatchObject({
    code: 'webhook_endpoint_limit',
    message: expect.stringContaining('at most 20 webhook endpoints for a tenant, and there are 20'),
  });
  expect(await endpoints.list(ACME)).toHaveLength(MAX_WEBHOOK_ENDPOINTS);
  await endpoints.create({ url: URL }, { tenant: 'other' });
});

test.each<[string, NewWebhookEndpoint, string]>([
  ['http', { url: 'http://example.com/' }, 'url: a callback URL must be https, got "http://example.com"'],
  ['an address', { url: 'https://10.0.0.1/' }, 'must be a name, not an address, got "https://10.0.0.1"'],
  ['a port', { url: 'https://example.com:22/' }, 'port must be one of 443, got "https://example.com:22"'],
  ['no event', { url: URL, events: [] }, 'events must be one or more of succeeded, failed, cancelled'],
  ['an unknown event', { url: URL, events: ['done'] as never }, 'progress, got ["done"]'],
  ['no topic', { url: URL, topics: [] }, 'topics must be 1 to 20 patterns, got 0'],
  ['many topics', { url: URL, topics: Array(21).fill('a') }, 'topics must be 1 to 20 patterns, got 21'],
  ['a bad pattern', { url: URL, topics: ['a', 'a.*.b'] }, 'topics: each must be a topic'],
  ['a long description', { url: URL, description: 'x'.repeat(501) }, 'at most 500 characters, got 501'],
])('a bad endpoint is refused: %s', async (_, given, message) => {
  await expect(endpoints.create(given)).rejects.toThrow(message);
  const { id } = await endpoints.create({ url: URL });
  await expect(endpoints.update(id, given)).rejects.toMatchObject({ code: 'webhook_endpoint_invalid' });
});

test.each<[string, WebhookEndpointChanges, object]>([
  ['nothing', {}, {}],
  ['the URL', { url: 'https://example.org/' }, { url: 'https://example.org/' }],
  ['the events', { events: ['progress'] }, { events: ['progress'] }],
  ['the events, to those of the service', { events: null }, { events: ['succeeded', 'failed'] }],
  ['the topics', { topics: ['images.*'] }, { topics: ['images.*'] }],
  ['all topics', { topics: null }, { topics: undefined }],
  ['the description', { description: 'two' }, { description: 'two' }],
  ['no description any more', { description: null }, { description: undefined }],
  ['the status', { status: 'disabled' }, { status: 'disabled' }],
])('a change is of what it names: %s', async (_, changes, changed) => {
  const { secret: __, ...before } = await endpoints.create({
    url: URL,
    events: ['expired'],
    topics: ['reports'],
    description: 'one',
  });
  const after = await endpoints.update(before.id, changes);
  expect(after).toEqual({ ...before, ...changed });
  expect(await endpoints.get(before.id)).toEqual(after);
});

test('an unknown status is refused', async () => {
  const { id } = await endpoints.create({ url: URL });
  await expect(endpoints.update(id, { status: 'off' as never })).rejects.toThrow(
    'status must be one of enabled, disabled, got "off"',
  );
});

test('enabling it again forgets its failures', async () => {
  const { id } = await endpoints.create({ url: URL });
  const { endpoints: stored } = await harness.store.read(undefined);
  const failed = stored.map((endpoint) => ({
    ...endpoint,
    status: 'disabled' as const,
    failingSince: START,
    lastError: 'the receiver answered 500',
  }));
  await harness.store.write(undefined, { endpoints: failed, revision: 2 });
  expect(await endpoints.update(id, { description: 'fixed' })).toMatchObject({
    status: 'disabled',
    failingSince: new Date(START),
    lastError: 'the receiver answered 500',
  });
  const enabled = await endpoints.update(id, { status: 'enabled' });
  expect(enabled).toMatchObject({ status: 'enabled', description: 'fixed' });
  expect(enabled).not.toHaveProperty('failingSince');
  expect(enabled).not.toHaveProperty('lastError');
});

describe('a rotation', () => {
  test('makes a new secret, and keeps the old one for a day', async () => {
    const { id, secret: old } = await endpoints.create({ url: URL });
    const rotated = await endpoints.rotate(id);
    expect(rotated.secret).not.toBe(old);
    expect(rotated.previousSecretUntil).toEqual(new Date(START + 24 * HOUR));
    harness.clock.advanceSeconds(86_400);
    expect(await endpoints.get(id)).not.toHaveProperty('previousSecretUntil');
    expect(await endpoints.secret(id)).toBe(rotated.secret);
  });

  test('is refused while an old secret is valid, since a third would replace it', async () => {
    const { id } = await endpoints.create({ url: URL });
    const { secret } = await endpoints.rotate(id, { graceSeconds: 60 });
    await expect(endpoints.rotate(id, { graceSeconds: 30 })).rejects.toMatchObject({
      code: 'rotation_unfinished',
      message: expect.stringContaining('until 2026-01-31T12:01:00.000Z'),
    });
    expect(await endpoints.secret(id)).toBe(secret);
    harness.clock.advanceSeconds(60);
    expect((await endpoints.rotate(id, { graceSeconds: 30 })).secret).not.toBe(secret);
  });

  test('at once ends every earlier secret, after a leak', async () => {
    const { id } = await endpoints.create({ url: URL });
    await endpoints.rotate(id);
    const rotated = await endpoints.rotate(id, { graceSeconds: 0 });
    expect(rotated).not.toHaveProperty('previousSecretUntil');
    expect(rotated.secret).toBe(endpointSecret(SERVICE_SECRET, id, 3));
  });

  test.each([-1, 1.5, 2_592_001, Number.NaN, '5'])(
    'with a grace time of %s is refused',
    async (graceSeconds) => {
      const { id } = await endpoints.create({ url: URL });
      await expect(endpoints.rotate(id, { graceSeconds: graceSeconds as number })).rejects.toThrow(
        'graceSeconds must be a whole number of seconds from 0 to 2592000, got',
      );
    },
  );
});

test('a test goes to the endpoint alone, even to a disabled one', async () => {
  const { id } = await endpoints.create({ url: URL }, ACME);
  await endpoints.update(id, { status: 'disabled' }, ACME);
  const webhookId = await endpoints.test(id, ACME);
  const [webhook, ...more] = sentWebhooks(harness.queue);
  expect(more).toEqual([]);
  expect(webhook).toMatchObject({ id: webhookId, url: URL, endpoint: id, attempt: 1 });
  expect(JSON.parse(webhook?.body ?? '')).toEqual({
    type: 'coatcheck.webhook_endpoint.test',
    timestamp: new Date(START).toISOString(),
    data: { endpoint: id, tenant: 'acme' },
  });
});

describe('a replay', () => {
  const from = new Date(START);
  const to = new Date(START + HOUR);

  async function record(id: string, createdAt: number, given: Partial<RequestRecord> = {}): Promise<void> {
    const request = { id, source: '', tenant: 'acme' };
    const outcome = inlineOutcome('1', 'application/json', { request, endedAt: createdAt + 1 });
    const record = {
      request,
      status: 'succeeded',
      attempts: 1,
      outcome,
      createdAt,
      updatedAt: createdAt,
      ...given,
    } as const;
    await harness.records.write({ record, revision: 1, keptUntil: START + 1_000 * HOUR });
  }

  function replayed(): string[] {
    return sentWebhooks(harness.queue).map(({ subject }) => subject.request.id);
  }

  test('sends the outcomes of requests that were submitted in the window, with their ids at the endpoint', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    await record('before', START - 1);
    await record('first', START);
    await record('last', START + HOUR - 1);
    await record('after', START + HOUR);
    expect(await endpoints.replay(id, { from, to }, ACME)).toEqual({ examined: 2, sent: 2 });
    expect(replayed()).toEqual(['last', 'first']);
    const outcome = inlineOutcome('1', 'application/json', {
      request: { id: 'first', source: '', tenant: 'acme' },
      endedAt: START + 1,
    });
    expect(sentWebhooks(harness.queue)[1]).toEqual(webhookOf(outcome, { url: URL, endpoint: id }, 'service'));
  });

  test('sends only outcomes of requests that ended before a time, if one is given', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    await record('first', START);
    await record('last', START + 1);
    const window = { from, to, endedBefore: new Date(START + 2) };
    expect(await endpoints.replay(id, window, ACME)).toEqual({ examined: 2, sent: 1 });
    expect(replayed()).toEqual(['first']);
  });

  test('sends nothing in a dry run, and counts the same', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    await record('first', START);
    await record('running', START, { status: 'running', outcome: undefined });
    const dry = await endpoints.replay(id, { from, to, dryRun: true }, ACME);
    expect(replayed()).toEqual([]);
    expect(dry).toEqual({ examined: 2, sent: 1 });
    expect(await endpoints.replay(id, { from, to }, ACME)).toEqual(dry);
  });

  test('without an end goes on to now', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    await record('late', START + 100 * HOUR);
    expect(await endpoints.replay(id, { from }, ACME)).toEqual({ examined: 1, sent: 1 });
  });

  test('leaves out what has not ended, what the endpoint does not want, and other tenants', async () => {
    const { id } = await endpoints.create({ url: URL, events: ['failed'] }, ACME);
    const request = { id: 'failed', source: '', tenant: 'acme' };
    await record('succeeded', START);
    await record('failed', START, {
      status: 'failed',
      outcome: outcomeOf(failure(new PermanentError('no'), 1), { request }),
    });
    await record('running', START, { status: 'running', outcome: undefined });
    await record('theirs', START, { request: { id: 'theirs', source: '', tenant: 'other' } });
    expect(await endpoints.replay(id, { from, to }, ACME)).toEqual({ examined: 3, sent: 1 });
    expect(replayed()).toEqual(['failed']);
  });

  test('leaves out topics that the endpoint does not want', async () => {
    const { id } = await endpoints.create({ url: URL, topics: ['images.*'] }, ACME);
    for (const topic of ['images.thumbnail', 'reports', undefined]) {
      const request = { id: topic ?? 'none', source: '', tenant: 'acme' };
      const outcome = inlineOutcome('1', 'application/json', { request, topic });
      await record(request.id, START, { outcome });
    }
    expect(await endpoints.replay(id, { from, to }, ACME)).toEqual({ examined: 3, sent: 1 });
    expect(replayed()).toEqual(['images.thumbnail']);
  });

  test('takes a page at a call, and each outcome once', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    for (let number = 0; number < 250; number++) await record(`r-${number}`, START + number);
    await record('before', START - 1);
    const pages = [];
    let cursor: string | undefined;
    do {
      const page = await endpoints.replay(id, { from, to, cursor }, ACME);
      pages.push(page);
      cursor = page.next;
    } while (cursor !== undefined);
    expect(pages.map(({ sent }) => sent)).toEqual([100, 100, 50]);
    expect(replayed().toSorted()).toEqual(
      Array.from({ length: 250 }, (_, number) => `r-${number}`).toSorted(),
    );
  });

  test('of a page that fails in the middle can be repeated: the ids are the same', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    for (const name of ['one', 'two', 'three']) await record(name, START);
    harness.queue.faults.inject('send', 'fails before');
    await expect(endpoints.replay(id, { from, to }, ACME)).rejects.toThrow();
    await endpoints.replay(id, { from, to }, ACME);
    expect(new Set(sentWebhooks(harness.queue).map((webhook) => webhook.id)).size).toBe(3);
  });

  test.each([
    [
      'reversed',
      { from: to, to: from },
      'from must be before to, got from 2026-01-31T13:00:00.000Z and to 2026',
    ],
    ['empty', { from, to: from }, 'from must be before to'],
    [
      'without a beginning',
      { from: new Date('x') },
      'from must be a time in the years 0000 to 9999, got an invalid date',
    ],
    ['after all time', { from, to: new Date(8.64e15) }, 'to must be a time in the years 0000 to 9999'],
    ['with a bad cursor', { from, to, cursor: 'x' }, 'cursor must be the `next` of a previous call, got "x"'],
  ])('of a window that is %s is refused', async (_, window, message) => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    const refused = expect(endpoints.replay(id, window, ACME)).rejects;
    await refused.toMatchObject({ code: 'replay_invalid', message: expect.stringContaining(message) });
  });

  test('to a disabled endpoint is refused', async () => {
    const { id } = await endpoints.create({ url: URL }, ACME);
    await endpoints.update(id, { status: 'disabled' }, ACME);
    await expect(endpoints.replay(id, { from, to }, ACME)).rejects.toThrow('is disabled');
  });
});
