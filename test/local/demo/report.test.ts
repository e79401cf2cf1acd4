import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { DemoEnding } from '../../../lib/local/demo/ending.ts';
import type { Expected } from '../../../lib/local/demo/payloads.ts';
import { deviations, type Report, reportTable } from '../../../lib/local/demo/report.ts';

const reports = [
  reportOn('right.csv', { rows: 1_461 }, { status: 'succeeded', result: { rows: 1_461, columns: [] } }),
  reportOn(
    'short.csv',
    { rows: 1_461 },
    { status: 'succeeded', result: { rows: 1_460 } },
    's3://bucket/results/x',
  ),
  reportOn('odd.csv', { rows: 1_461 }, { status: 'succeeded', result: 'something else' }),
  reportOn('fails.csv', { rows: 1_461 }, { status: 'failed', code: 'handler_failed', line: undefined }),
  reportOn('broken.csv', { failsAtLine: 732 }, { status: 'failed', code: 'csv_invalid', line: 732 }),
  reportOn('elsewhere.csv', { failsAtLine: 732 }, { status: 'failed', code: 'csv_invalid', line: 7 }),
  reportOn('accepted.csv', { failsAtLine: 732 }, { status: 'succeeded', result: { rows: 3 } }),
  reportOn('lost.csv', { rows: 1_461 }, undefined),
];

test('the table shows the outcome of each request', () => {
  expect(reportTable(reports)).toEqual([
    'request           size  outcome                         time  result',
    'right.csv      2.0 KiB  succeeded: 1,461 rows          1.5 s  in the outcome',
    'short.csv      2.0 KiB  succeeded: 1,460 rows          1.5 s  s3://bucket/results/x',
    'odd.csv        2.0 KiB  succeeded                      1.5 s  in the outcome',
    'fails.csv      2.0 KiB  failed: handler_failed         1.5 s  in the outcome',
    'broken.csv     2.0 KiB  failed: csv_invalid, line 732  1.5 s  in the outcome',
    'elsewhere.csv  2.0 KiB  failed: csv_invalid, line 7    1.5 s  in the outcome',
    'accepted.csv   2.0 KiB  succeeded: 3 rows              1.5 s  in the outcome',
    'lost.csv       2.0 KiB  none in time',
  ]);
});

test('names every unexpected outcome', () => {
  expect(deviations(reports)).toEqual([
    'short.csv should have succeeded with 1,461 rows',
    'odd.csv should have succeeded with 1,461 rows',
    'fails.csv should have succeeded with 1,461 rows',
    'elsewhere.csv should have failed at line 732',
    'accepted.csv should have failed at line 732',
    'lost.csv should have succeeded with 1,461 rows',
  ]);
});

function reportOn(
  name: string,
  expected: Expected,
  ending: DemoEnding | undefined,
  dataref?: string,
): Report {
  const payload = { name, contentType: 'text/csv', size: 2_048, body: () => Readable.from([]), expected };
  const event = { type: 'not looked at', subject: 'id', ...(dataref === undefined ? {} : { dataref }) };
  return {
    submission: { payload, requestId: 'id', uploadedAt: 1_000 },
    outcome: ending && { arrival: { event, arrivedAt: 2_500 }, ending },
  };
}
