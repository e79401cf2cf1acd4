import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expiry } from '../../lib/core/model/outcome.ts';
import type { RecordEvent } from '../../lib/core/model/record-event.ts';
import { transition } from '../../lib/core/model/record-transition.ts';
import { REQUEST_STATUSES, type RequestRecord } from '../../lib/core/model/request-record.ts';
import { PROJECT_FOLDER } from '../../lib/local/folder.ts';
import { outcomeOf } from '../support/outcomes.ts';
import { FAILURE, REQUEST, successOf } from '../support/records.ts';

const page = await readFile(join(PROJECT_FOLDER, 'docs', 'states.md'), 'utf8');

const DURING_LEASE = 1_000;
const AFTER_LEASE = 3_000;
const LEASE_END = 2_000;

/** More attempts or redrives make no other changes of status. */
const MOST_ATTEMPTS = 2;

/** The events that can happen to a record, in every variant that matters to its status. */
function eventsFor({ attempts = 0, redrives = 0, leaseId = '' }: Partial<RequestRecord>): RecordEvent[] {
  const attempt = attempts;
  const error = { name: 'Error', message: 'not now' };
  const checkpoint = { number: 1, state: { json: '1' } };
  const claim = {
    type: 'claim',
    request: REQUEST,
    leaseEndsAt: LEASE_END,
    leaseId: `lease-${attempt + 1}`,
  } as const;
  return [
    { type: 'submit', request: REQUEST, uploaded: false },
    { type: 'submit', request: REQUEST, uploaded: true },
    { type: 'uploaded' },
    claim,
    { ...claim, deadLetterOf: redrives },
    { type: 'checkpoint', leaseId, checkpoint, suspend: false },
    { type: 'checkpoint', leaseId, checkpoint, suspend: true },
    { type: 'release', leaseId, error },
    { type: 'complete', leaseId, outcome: successOf(attempt) },
    { type: 'complete', leaseId, outcome: FAILURE },
    { type: 'complete', leaseId, outcome: FAILURE, attemptsExhausted: { error } },
    { type: 'complete', leaseId, outcome: outcomeOf(expiry(attempt)) },
    { type: 'cancel' },
    { type: 'unpublishable', outcome: FAILURE },
  ];
}

/** The changes of status that the code makes, with the events that cause them. */
function edgesOfCode(): Map<string, Set<string>> {
  const edges = new Map<string, Set<string>>();
  const seen = new Set<string>();
  const records: (RequestRecord | undefined)[] = [undefined];
  for (const record of records) {
    for (const now of [DURING_LEASE, AFTER_LEASE]) {
      for (const event of eventsFor(record ?? {})) {
        const next = transition(record, event, now);
        if ('refused' in next) continue;
        const from = record?.status ?? '[*]';
        if (next.record.status !== from) add(edges, `${from} --> ${next.record.status}`, event.type);
        const key = JSON.stringify({ ...next.record, createdAt: 0, updatedAt: 0 });
        if (next.record.attempts > MOST_ATTEMPTS || seen.has(key)) continue;
        seen.add(key);
        records.push(next.record);
      }
    }
  }
  return edges;
}

/** The edges of the diagram, with their labels. */
function edgesOfPage(): Map<string, Set<string>> {
  const lines = [...page.matchAll(/^ {2}(\S+ --> \w+) : (.+)$/gm)];
  return new Map(lines.map(([, edge = '', label = '']) => [edge, new Set(label.split(', '))]));
}

function add(edges: Map<string, Set<string>>, edge: string, event: string): void {
  edges.set(edge, (edges.get(edge) ?? new Set()).add(event));
}

/** The first column of the table with this heading. */
function firstColumn(heading: string): string[] {
  const [, table = ''] = page.split(`| ${heading} |`);
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
}

test('the state diagram has the edges of transition()', () => {
  expect(edgesOfPage()).toEqual(edgesOfCode());
});

test('the tables describe every status and every event of the diagram', () => {
  expect(firstColumn('status')).toEqual([...REQUEST_STATUSES]);
  const events = new Set([...edgesOfPage().values()].flatMap((labels) => [...labels]));
  expect(new Set(firstColumn('event'))).toEqual(events);
});
