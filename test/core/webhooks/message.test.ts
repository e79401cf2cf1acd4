import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PermanentError } from '../../../lib/core/base/errors.ts';
import { cancellation, failure } from '../../../lib/core/model/outcome.ts';
import {
  decodeWebhook,
  encodeWebhook,
  hostOf,
  progressWebhookOf,
  webhookOf,
} from '../../../lib/core/webhooks/message.ts';
import { isMessageText } from '../../../lib/core/wire/message-text.ts';
import { inlineOutcome, outcomeOf, STORED } from '../../support/outcomes.ts';

const URL = 'https://example.com/hook';
const HEAD = '"timestamp":"2026-01-31T12:00:00.005Z","data":{"id":"r-1"';
const SUBJECT = { type: 't', request: { id: 'r-1', source: '' }, at: 1 };
const LINKS = '"self":"/v1/requests/r-1"';

function bodyOf(outcome: Parameters<typeof webhookOf>[0]): string {
  return webhookOf(outcome, { url: URL }, 'service').body;
}

describe('exactly', () => {
  test('a success: the result by reference', () => {
    const links = `{${LINKS},"result":"/v1/requests/r-1/result"}`;
    expect(bodyOf(inlineOutcome('{"product":42}'))).toBe(
      `{"type":"coatcheck.request.succeeded",${HEAD},"status":"succeeded",` +
        `"result":{"size":14,"contentType":"application/json"},"links":${links}}}`,
    );
    expect(bodyOf(outcomeOf({ status: 'succeeded', result: STORED }))).toBe(
      `{"type":"coatcheck.request.succeeded",${HEAD},"status":"succeeded",` +
        `"result":{"size":300000,"contentType":"text/csv"},"links":${links}}}`,
    );
  });

  test('a failure: its problem, without the handler’s details', () => {
    const error = new PermanentError('no such thing', { code: 'gone_fishing', details: { secret: 1 } });
    expect(bodyOf(outcomeOf(failure(error, 2)))).toBe(
      `{"type":"coatcheck.request.failed",${HEAD},"status":"failed",` +
        '"problem":{"type":"urn:coatcheck:problem:gone_fishing","title":"gone fishing",' +
        `"detail":"no such thing","code":"gone_fishing","attempts":2},"links":{${LINKS}}}}`,
    );
  });

  test('a request with a source and a tenant', () => {
    const request = { id: 'r 1', source: '/shop', tenant: 'acme' };
    expect(JSON.parse(bodyOf(outcomeOf(cancellation(0), { request })))).toMatchObject({
      type: 'coatcheck.request.cancelled',
      data: {
        id: 'r 1',
        source: '/shop',
        tenant: 'acme',
        links: { self: '/v1/requests/~ciAx?source=%2Fshop' },
      },
    });
  });
});

test('progress, exactly', () => {
  const request = { id: 'r-1', source: '', tenant: 'acme' };
  const at = Date.UTC(2026, 0, 31, 12);
  const report = (when: number, service = 'service') =>
    progressWebhookOf(request, { fraction: 0.5, note: 'half' }, when, { url: URL }, service);
  expect(report(at)).toMatchObject({ url: URL, attempt: 1 });
  expect(report(at).body).toBe(
    '{"type":"coatcheck.request.progress","timestamp":"2026-01-31T12:00:00.000Z","data":{"id":"r-1",' +
      `"tenant":"acme","status":"running","progress":{"fraction":0.5,"note":"half"},"links":{${LINKS}}}}`,
  );
  expect(report(at).id).toBe(report(at).id);
  expect(new Set([report(at), report(at + 1), report(at, 'other')].map(({ id }) => id))).toHaveLength(3);
});

test('the id is the same for the same outcome, and differs for other outcomes and services', () => {
  const outcome = inlineOutcome('1');
  const others = [
    webhookOf(outcome, { url: URL }, 'other'),
    webhookOf(outcomeOf(cancellation(0)), { url: URL }, 'service'),
    webhookOf({ ...outcome, redrives: 1 }, { url: URL }, 'service'),
    webhookOf({ ...outcome, request: { id: 'r-1', source: '', tenant: 'acme' } }, { url: URL }, 'service'),
  ];
  const ids = new Set([outcome, inlineOutcome('1')].map((one) => webhookOf(one, { url: URL }, 'service').id));
  expect(ids.size).toBe(1);
  expect(new Set([...ids, ...others.map(({ id }) => id)]).size).toBe(1 + others.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
});

test('decoding restores any encoded message', () => {
  const text = fc.string({ unit: 'binary', minLength: 1 });
  fc.assert(
    fc.property(text, text, text, fc.nat(), (url, id, body, attempt) => {
      const subject = { type: id, request: { id, source: body, tenant: url }, at: attempt };
      const encoded = encodeWebhook({ url, id, attempt, subject, body });
      expect(isMessageText(encoded)).toBe(true);
      expect(decodeWebhook(encoded)).toEqual({ url, id, attempt, subject, body });
    }),
  );
});

test('a message contains no keyword that EventBridge Scheduler would replace', () => {
  const message = {
    url: `${URL}?<aws.scheduler.schedule-arn>`,
    id: 'id-1',
    attempt: 1,
    subject: SUBJECT,
    body: '{"note":"<aws.scheduler.execution-id> <b>\\n"}',
  };
  expect(encodeWebhook(message)).not.toContain('<aws');
  expect(decodeWebhook(encodeWebhook(message))).toEqual(message);
});

test('a message is decoded from a failed call of EventBridge Scheduler', () => {
  const message = { url: URL, id: 'id-1', attempt: 4, subject: SUBJECT, body: '{"type":"t"}' };
  const QueueUrl = 'https://sqs.us-west-2.amazonaws.com/123456789012/webhooks';
  const deadLetter = JSON.stringify({ MessageBody: encodeWebhook(message), QueueUrl });
  expect(decodeWebhook(deadLetter)).toEqual(message);
});

test('a message contains the event and the request that it reports', () => {
  const request = { id: 'r 1', source: '/shop', tenant: 'acme' };
  for (const identity of [request, { id: 'r-2', source: '' }]) {
    const outcome = outcomeOf(cancellation(0), { request: identity });
    const { subject } = decodeWebhook(encodeWebhook(webhookOf(outcome, { url: URL }, 'service')));
    const expected = { type: 'coatcheck.request.cancelled', request: identity, at: outcome.endedAt };
    expect(subject).toEqual(expected);
  }
});

test.each([
  ['https://example.com:8443/a?b', 'example.com:8443'],
  ['https://example.com:443/', 'example.com'],
  [
    `https://${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.com/`,
    `${'a'.repeat(60)}.${'b'.repeat(60)}.cccccc`,
  ],
  ['no URL', 'unknown'],
])('%s has the host %s', (url, host) => {
  expect(hostOf({ url })).toBe(host);
});

test('the host of any URL is a valid message group for SQS', () => {
  const scheme = fc.constantFrom('https:', 'http:', 'file:', 'x:');
  const host = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.domain(),
    fc.ipV6().map((address) => `[${address}]:8443`),
  );
  fc.assert(
    fc.property(scheme, host, (protocol, authority) => {
      expect(hostOf({ url: `${protocol}//${authority}/` })).toMatch(/^[!-~]{1,128}$/);
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  '',
  'null',
  '[]',
  '{}',
  '{"url":"u","id":"i","body":"b"}',
  '{"url":"u","id":"i","attempt":1,"body":"b"}',
  '{"url":"u","id":"i","attempt":1,"subject":{"type":"t","request":{},"at":1},"body":"b"}',
  '{"MessageBody":"{}"}',
  '{"url":"","id":"i","attempt":1,"subject":{"type":"t","request":{"id":"i"},"at":1},"body":"b"}',
])('%j is not a message', (text) => {
  expect(() => decodeWebhook(text)).toThrow();
});
