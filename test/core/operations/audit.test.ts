import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VERDICTS } from '../../../lib/core/config/audit-verdicts.ts';
import type { Outcome } from '../../../lib/core/model/outcome.ts';
import { outcomeOf } from '../../../lib/core/model/outcome.ts';
import type { RequestRecord } from '../../../lib/core/model/request-record.ts';
import { type AuditedRequest, auditRequest } from '../../../lib/core/operations/audit.ts';
import { auditMetricsOf } from '../../../lib/core/operations/audit-metrics.ts';
import { ledgerOf } from '../../../lib/core/operations/ledger.ts';
import { objectOwner, ownerName } from '../../../lib/core/operations/object-owner.ts';
import { MAX_LOGGED_FINDINGS, reportAudit } from '../../../lib/core/operations/report-audit.ts';
import type { AuditSource } from '../../../lib/core/ports/audit-source.ts';
import { CollectingLogger } from '../../../lib/testing/collecting-logger.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = 100 * DAY;
const RULES = { now: NOW, graceMilliseconds: 60_000, resultAgeDays: 15, publicationsSince: 0 };
const request = { id: '1', source: '', tenant: 'acme' };
const CHECK = { bucket: 'b', key: 'results/1/x' };

const problem = { type: 't', title: 't', detail: 'd', code: 'c', attempts: 1 };
const result = { check: CHECK, size: 1, contentType: 'text/plain' };

function outcome(status: Outcome['status'], endedAt: number): Outcome {
  return status === 'succeeded'
    ? outcomeOf(request, { status, result }, endedAt)
    : outcomeOf(request, { status, problem }, endedAt);
}

function audited(record: Partial<RequestRecord>, more: Partial<AuditedRequest> = {}): AuditedRequest {
  const at = NOW - HOUR;
  return {
    record: { request, status: 'queued', attempts: 0, createdAt: at, updatedAt: at, ...record },
    hasMessage: false,
    hasDeadLetter: false,
    missingObjects: new Set(),
    ...more,
  };
}

const ended = (status: Outcome['status'], more: Partial<RequestRecord> = {}, endedAt = NOW - HOUR) => ({
  status,
  attempts: 1,
  outcome: outcome(status, endedAt),
  ...more,
});

const pinned = { digest: 'd', messageId: 'm', sentAt: 0, check: { bucket: 'b', key: 'payloads/1' } };
const lost = new Set(['payloads/1', CHECK.key]);

test.each<[string, AuditedRequest, readonly string[]]>([
  ['waits, with its message', audited({}, { hasMessage: true }), []],
  ['waits, without a message', audited({}), ['message_missing']],
  ['waits, and messages are unknown', audited({}, { hasMessage: undefined }), []],
  ['waits since a moment', audited({ updatedAt: NOW - 1 }), []],
  ['waits for its upload', audited({ status: 'awaiting_upload' }), []],
  ['runs', audited({ status: 'running', leaseEndsAt: NOW + 1 }), []],
  [
    'runs, with a lease that is over',
    audited({ status: 'running', leaseEndsAt: NOW - HOUR }),
    ['attempt_abandoned'],
  ],
  ['is to be taken over', audited({ status: 'running', leaseEndsAt: 1 }, { hasMessage: true }), []],
  [
    'stops, with a lease that is over',
    audited({ status: 'cancelling', leaseEndsAt: 1 }),
    ['attempt_abandoned'],
  ],
  [
    'waits, without its payload',
    audited({ payload: pinned }, { hasMessage: true, missingObjects: lost }),
    ['payload_missing'],
  ],
  ['succeeded', audited(ended('succeeded'), { publishedEnd: NOW - HOUR }), []],
  ['succeeded, unpublished', audited(ended('succeeded')), ['outcome_unpublished']],
  ['succeeded, unpublished yet', audited(ended('succeeded'), { hasMessage: true }), []],
  ['succeeded before publications were noted', audited(ended('succeeded', {}, -1)), []],
  [
    'succeeded, with the publication of an earlier end',
    audited(ended('succeeded'), { publishedEnd: 1 }),
    ['outcome_unpublished'],
  ],
  [
    'succeeded, without its result',
    audited(ended('succeeded'), { publishedEnd: NOW - HOUR, missingObjects: lost }),
    ['result_missing'],
  ],
  [
    'succeeded, without its result by its age',
    audited(ended('succeeded', {}, NOW - 15 * DAY), { publishedEnd: NOW - 15 * DAY, missingObjects: lost }),
    [],
  ],
  [
    'failed, without its payload',
    audited(ended('failed', { payload: pinned }), { publishedEnd: NOW - HOUR, missingObjects: lost }),
    [],
  ],
  ['was cancelled before it had a message', audited(ended('cancelled', { attempts: 0 })), []],
  [
    'was dead-lettered',
    audited(ended('failed', { attemptsExhausted: true }), { publishedEnd: NOW - HOUR, hasDeadLetter: true }),
    [],
  ],
  [
    'was dead-lettered, without a dead letter',
    audited(ended('failed', { attemptsExhausted: true }), { publishedEnd: NOW - HOUR }),
    ['dead_letter_missing'],
  ],
  [
    'was dead-lettered, and its dead letter purged',
    audited(ended('failed', { attemptsExhausted: true }), {
      publishedEnd: NOW - HOUR,
      discardedEnd: NOW - HOUR,
    }),
    [],
  ],
  [
    'was dead-lettered again after an earlier dead letter was purged',
    audited(ended('failed', { attemptsExhausted: true }), { publishedEnd: NOW - HOUR, discardedEnd: 1 }),
    ['dead_letter_missing'],
  ],
  [
    'was dead-lettered 14 days ago',
    audited(ended('failed', { attemptsExhausted: true }, NOW - 14 * DAY), { publishedEnd: NOW - 14 * DAY }),
    [],
  ],
])('a request that %s', (_, given, verdicts) => {
  expect(auditRequest(given, RULES).map(({ verdict }) => verdict)).toEqual(verdicts);
});

test('a finding names the ticket, its tenant, the time and the object', () => {
  const [finding] = auditRequest(
    audited({ payload: pinned }, { hasMessage: true, missingObjects: lost }),
    RULES,
  );
  expect(finding).toEqual({
    verdict: 'payload_missing',
    ticket: '1',
    tenant: 'acme',
    since: NOW - HOUR,
    object: 'payloads/1',
  });
});

/** A source of records and objects without messages. */
function sourceOf(
  pages: readonly AuditedRequest[][],
  objects: Readonly<Record<string, number>> = {},
): AuditSource {
  return {
    count: async () => 0,
    objects: async function* () {
      for (const [key, modifiedAt] of Object.entries(objects)) yield { key, modifiedAt };
    },
    hasObject: async () => false,
    records: async function* () {
      yield* pages;
    },
    unrecorded: async () => [],
    objectsOfMessages: () => undefined,
  };
}

test('a report counts a request once, and logs as many findings as it may', async () => {
  const lost = Array.from({ length: MAX_LOGGED_FINDINGS + 5 }, (_, number) =>
    audited(
      {
        request: { ...request, id: String(number) },
        payload: { check: { bucket: 'b', key: 'gone' }, digest: 'd', messageId: 'm', sentAt: 0 },
      },
      { hasMessage: false },
    ),
  );
  const logger = new CollectingLogger();
  const report = await reportAudit(sourceOf([lost.slice(0, 50), lost.slice(50)]), RULES, { logger });
  expect(report).toMatchObject({
    audited: lost.length,
    drift: lost.length,
    figures: { accepted: lost.length, waiting: 0 },
    verdicts: { message_missing: lost.length, payload_missing: lost.length },
  });
  expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(MAX_LOGGED_FINDINGS);
  expect(logger.lines.at(-1)).toMatchObject({
    message: 'The audit is complete',
    fields: { audited: lost.length, drift: lost.length, findings: 2 * lost.length },
  });
  const except = ['message_missing', 'payload_missing'] as const;
  expect((await reportAudit(sourceOf([lost]), RULES, { logger, except })).drift).toBe(0);
});

test('a report that is incomplete has what was found, and no drift of 0', async () => {
  const failure = new Error('throttled');
  const pages = (found: AuditedRequest[]): AuditSource => ({
    ...sourceOf([]),
    records: async function* () {
      yield found;
      throw failure;
    },
  });
  const logger = new CollectingLogger();
  const nothing = await reportAudit(pages([audited({}, { hasMessage: true })]), RULES, { logger });
  expect(nothing).toMatchObject({ audited: 1, drift: 0, stoppedBy: failure });
  expect(auditMetricsOf(nothing)).toEqual([
    ['AuditedRequests', 1],
    ['IncompleteAudits', 1],
  ]);
  const one = await reportAudit(pages([audited({}, { hasMessage: false })]), RULES, { logger });
  expect(auditMetricsOf(one)).toContainEqual(['LedgerDrift', 1]);
  expect(auditMetricsOf({ audited: 1, drift: 0 })).toEqual([
    ['AuditedRequests', 1],
    ['LedgerDrift', 0],
  ]);
});

test('a report has each request in one figure, also where requests of several tenants have the same id', async () => {
  const there = { hasMessage: true, hasDeadLetter: undefined };
  const page = [
    audited({}, there),
    audited({ request: { ...request, tenant: 'globex' } }, { hasMessage: false }),
    audited({ status: 'awaiting_upload' }, there),
    audited({ status: 'running', leaseEndsAt: NOW }, there),
    audited({ status: 'cancelling', leaseEndsAt: NOW }, there),
    audited(ended('succeeded'), there),
    audited(ended('failed'), there),
    audited(ended('failed', { attemptsExhausted: true }), there),
    audited(ended('cancelled', { attempts: 0 }), there),
    audited(ended('expired'), there),
  ];
  const orphan = { 'payloads/0198c0de-7f3a-7a51-8f0c-3f1d5f0a9b11': NOW - 2 * DAY, [CHECK.key]: NOW - DAY };
  const logger = new CollectingLogger();
  expect(await reportAudit(sourceOf([page], orphan), RULES, { logger })).toEqual({
    audited: 10,
    drift: 2,
    figures: {
      accepted: 11,
      ended: { succeeded: 1, failed: 1, cancelled: 1, expired: 1 },
      waiting: 2,
      running: 2,
      deadLettered: 1,
    },
    verdicts: { message_missing: 1, payload_orphaned: 1 },
  });
});

test('an object is an orphan only while its record would be kept', async () => {
  const logger = new CollectingLogger();
  const orphan = sourceOf([], { 'payloads/0198c0de-7f3a-7a51-8f0c-3f1d5f0a9b11': NOW - 20 * DAY });
  expect((await reportAudit(orphan, RULES, { logger })).drift).toBe(1);
  expect((await reportAudit(orphan, { ...RULES, recordAgeDays: 19 }, { logger })).drift).toBe(0);
});

test('the page of the ledger has the table of verdicts', async () => {
  const page = await readFile('docs/ledger.md', 'utf8');
  for (const [name, { meaning, remedy }] of Object.entries(VERDICTS)) {
    expect(page).toContain(`| \`${name}\` | ${meaning} | ${remedy} |\n`);
  }
});

test.each([
  ['payloads/0198c0de-7f3a-7a51-8f0c-3f1d5f0a9b11', 'payload', '0198c0de-7f3a-7a51-8f0c-3f1d5f0a9b11'],
  ['payloads/0123456789abcdef0123456789abcdef-fedcba', 'payload', '0123456789abcdef0123456789abcdef'],
  [
    'requests/tickets/-/0198c0de-7f3a-7a51-8f0c-3f1d5f0a9b11',
    'payload',
    '0198c0de-7f3a-7a51-8f0c-3f1d5f0a9b11',
  ],
  ['results/some-id/abc.outcome', 'result', 'some-id'],
])('%s is the %s of %s', (key, kind, name) => {
  expect(objectOwner(key)).toEqual({ kind, name });
});

test.each(['consumer-copies/1/x', 'requests/of-somebody.csv', 'results/batches/1', 'other'])(
  '%s belongs to no request',
  (key) => {
    expect(objectOwner(key)).toBeUndefined();
  },
);

test('the name in a key is that of the request', () => {
  expect(ownerName('a/b c')).toBe('a-b-c');
});

const count = fc.nat(1_000_000);

test('drift is what is in no other figure', () => {
  const figures = fc.record({
    ended: fc.record({ succeeded: count, failed: count, cancelled: count, expired: count }),
    waiting: count,
    running: count,
    deadLettered: count,
  });
  fc.assert(
    fc.property(figures, fc.integer(), ({ ended: ends, ...rest }, drift) => {
      const { succeeded, failed, cancelled, expired } = ends;
      const sum = succeeded + failed + cancelled + expired + rest.waiting + rest.running + rest.deadLettered;
      expect(ledgerOf({ accepted: sum + drift, ended: ends, ...rest }, NOW).drift).toBe(drift);
    }),
  );
});
