import type { Outcome } from '../../lib/core/model/outcome.ts';
import type { RecordedRequest } from '../../lib/core/model/request-record.ts';
import type { StoredRecord } from '../../lib/core/ports/record-store.ts';

/** 2026-11-28T12:00:00Z */
const AT = 1_795_867_200_000;
const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACESTATE = 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE';

export const ticket = { id: '01a1f8b8-0743-7353-845c-cfb87ad8f210', source: '', tenant: 'acme' };

const request: RecordedRequest = {
  ...ticket,
  traceparent: TRACEPARENT,
  tracestate: TRACESTATE,
  callbackUrl: 'https://hooks.example.com/coatcheck',
  notBefore: AT - 3_600_000,
  expiresAt: AT + 3_600_000,
  minVersion: '7',
  topic: 'images.thumbnail',
  uploadBytes: 116_391_936,
};

const about = {
  request: ticket,
  endedAt: AT,
  traceparent: TRACEPARENT,
  tracestate: TRACESTATE,
  callbackUrl: 'https://hooks.example.com/coatcheck',
  topic: 'images.thumbnail',
};

const problem = {
  type: 'urn:coatcheck:problem:csv_invalid',
  title: 'csv invalid',
  detail: 'line 17: a quoted field is never closed',
  code: 'csv_invalid',
  attempts: 2,
};

const stored = {
  check: { bucket: 'payloads', key: 'results/order-17/digest', versionId: 'version-1' },
  size: 786_228,
  contentType: 'application/json',
};

/** An outcome of each kind. */
export const outcomes: Readonly<Record<string, Outcome>> = {
  json: inline('{"product":42,"long":12345678901234567890}', 'application/json'),
  text: inline('forty-two <b>', 'text/plain; charset=utf-8'),
  bytes: inline(Buffer.from([0, 255, 254, 1]), 'image/png'),
  otherJson: inline('{"a":1}', 'application/vnd.x+json'),
  stored: { ...about, status: 'succeeded', result: stored },
  storedText: { ...about, status: 'succeeded', result: { ...stored, isText: true } },
  failed: { ...about, status: 'failed', problem: { ...problem, details: { line: 17 } } },
  cancelled: { ...about, status: 'cancelled', problem: { ...problem, code: 'request_cancelled' } },
  expired: { ...about, status: 'expired', problem: { ...problem, code: 'request_expired' } },
  redriven: { ...about, status: 'failed', problem, redrives: 2 },
  ofCloudEvent: {
    ...inline('{}', 'application/json'),
    request: { id: 'order-17', source: '/shop' },
    traceparent: undefined,
    tracestate: undefined,
    callbackUrl: undefined,
  },
};

function inline(content: string | Buffer, contentType: string): Outcome {
  return { ...about, status: 'succeeded', result: { bytes: Buffer.from(content), contentType } };
}

/** Records on their ways. */
export const records: Readonly<Record<string, StoredRecord>> = {
  awaitingUpload: kept({ status: 'awaiting_upload', attempts: 0 }),
  withMetadata: kept({ status: 'queued', attempts: 0, metadata: { customer: 'acme', order: '17' } }),
  running: kept({
    status: 'running',
    attempts: 2,
    handlerVersion: '42',
    payload: {
      digest: 'K5rW8c2mQv0Zt7dXyB1aFg',
      check: { bucket: 'payloads', key: 'payloads/1', versionId: 'version-1' },
      messageId: 'message-1',
      sentAt: AT - 10_000,
    },
    history: [
      {
        n: 1,
        at: AT - 9_000,
        ms: 25,
        error: { code: 'TypeError', message: 'x is undefined' },
        uncounted: true,
      },
      {
        n: 2,
        at: AT,
        version: '42',
        redrive: 1,
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    ],
    startedAt: AT,
    leaseEndsAt: AT + 60_000,
    lastError: {
      name: 'TypeError',
      message: 'x is undefined',
      code: undefined,
      frame: 'total (invoice.ts)',
    },
    progress: { fraction: 0.25, note: 'a quarter' },
  }),
  succeeded: kept({ status: 'succeeded', attempts: 1, outcome: outcomes.json }),
  storedResult: kept({ status: 'succeeded', attempts: 1, outcome: outcomes.stored }),
  attemptsExhausted: kept({
    status: 'failed',
    attempts: 10,
    outcome: outcomes.redriven,
    attemptsExhausted: true,
    deadLetteredAt: AT + 1_000,
    redrives: 2,
    putBackAt: AT - 1_000,
    uncountedAttempts: 5,
  }),
  failed: kept({
    status: 'failed',
    attempts: 1,
    outcome: { ...about, status: 'failed', problem, frame: 'chargeCard (charge.ts)' },
    failureGroup: '80d813265c2121ca',
  }),
  webhookFailing: kept({
    status: 'succeeded',
    attempts: 1,
    outcome: outcomes.json,
    webhook: {
      status: 'failing',
      endedAt: AT,
      at: AT + 5_000,
      attempts: 2,
      reason: 'HTTP 503',
      nextAttemptAt: AT + 300_000,
    },
  }),
};

function kept(
  given: Pick<StoredRecord['record'], 'status' | 'attempts'> & Partial<StoredRecord['record']>,
): StoredRecord {
  const record = { request, createdAt: AT - 10_000, updatedAt: AT, ...given };
  return { record, revision: 3, keptUntil: AT + 2_592_000_000 };
}

export const keyUse = {
  requestId: ticket.id,
  fingerprint: 'a'.repeat(32),
  usedAt: AT,
  keptUntil: AT + 86_400_000,
};

export const submission = {
  ...request,
  source: '',
  submittedAt: AT,
  contentType: 'application/json',
  metadata: { customer: '17' },
} as const;
