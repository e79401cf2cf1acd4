import { fitColumns, formatBytes, formatCount, formatSeconds, formatTable } from '../../terminal/format.ts';
import { type DemoEnding, rowsOf } from './ending.ts';
import type { Arrival } from './outcome-inbox.ts';
import type { DemoPayload } from './payloads.ts';
import type { UploadedRequest } from './upload.ts';

/** A request and its outcome. */
export interface Report {
  readonly submission: UploadedRequest;
  /** Undefined if no outcome arrived in time. */
  readonly outcome: { readonly arrival: Arrival; readonly ending: DemoEnding } | undefined;
}

/** Formats a table of requests and outcomes. */
export function reportTable(reports: readonly Report[], width = Number.POSITIVE_INFINITY): string[] {
  const rows = reports.map(({ submission, outcome }) => [
    submission.payload.name,
    formatBytes(submission.payload.size),
    outcome ? describe(outcome.ending) : 'none in time',
    outcome ? formatSeconds(outcome.arrival.arrivedAt - submission.uploadedAt) : '',
    outcome ? (outcome.arrival.event.dataref ?? 'in the outcome') : '',
  ]);
  const table = [['request', 'size', 'outcome', 'time', 'result'], ...rows];
  const fitting = fitColumns(table, ['result', 'size'], width);
  const numeric = ['size', 'time'].map((name) => fitting[0]?.indexOf(name) ?? -1);
  return formatTable(fitting, numeric);
}

/** Describes unexpected outcomes, one per line. */
export function deviations(reports: readonly Report[]): string[] {
  return reports
    .filter(({ submission, outcome }) => !outcome || !isExpected(outcome.ending, submission.payload))
    .map(({ submission: { payload } }) => `${payload.name} should have ${expectation(payload)}`);
}

function isExpected(ending: DemoEnding, { expected }: DemoPayload): boolean {
  if (!expected) return true;
  return 'rows' in expected
    ? ending.status === 'succeeded' && rowsOf(ending.result) === expected.rows
    : ending.status === 'failed' && ending.line === expected.failsAtLine;
}

function expectation({ expected }: DemoPayload): string {
  if (!expected) return 'an outcome';
  return 'rows' in expected
    ? `succeeded with ${formatCount(expected.rows)} rows`
    : `failed at line ${expected.failsAtLine}`;
}

function describe(ending: DemoEnding): string {
  if (ending.status === 'failed') {
    return `failed: ${ending.code}${ending.line === undefined ? '' : `, line ${ending.line}`}`;
  }
  const rows = rowsOf(ending.result);
  return `succeeded${rows === undefined ? '' : `: ${formatCount(rows)} rows`}`;
}
