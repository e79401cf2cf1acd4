import { hasEnded, type RequestResource, type WebhookDelivery } from '../client/index.ts';
import { formatAge } from '../terminal/figures.ts';
import { formatBytes, wrapWords } from '../terminal/format.ts';
import { isForPeople, print, printable, printCells, printJson, printRows } from '../terminal/output.ts';
import { outputWidth } from '../terminal/terminal.ts';
import { formatForecast } from './format-forecast.ts';

const HEADER = ['ticket', 'status', 'created', 'attempts', 'progress', 'outcome'] as const;

/** Columns of details, which are left out if no request has them. */
const DETAILS = ['webhook', 'version'] as const;

const LEAST_IMPORTANT = ['progress', 'attempts', 'created', 'version', 'webhook', 'outcome'] as const;

/** How to print requests. */
export interface RowOptions {
  readonly json?: true;
  /** Print failures in full, the state of webhooks, and on a terminal what requests wait for. */
  readonly detailed?: boolean;
}

/** Prints requests: as a table on a terminal, else as lines as they come. */
export async function printRequests(
  requests: Iterable<RequestResource> | AsyncIterable<RequestResource>,
  { json, detailed = false }: RowOptions,
): Promise<void> {
  if (isForPeople({ json })) return printTableOf(requests, detailed);
  for await (const request of requests) {
    await (json ? printJson(request) : printCells(cellsOf(request, request.createdAt, detailed)));
  }
}

/** On a terminal, texts that would be truncated in the table have lines below it. */
async function printTableOf(
  requests: Iterable<RequestResource> | AsyncIterable<RequestResource>,
  detailed: boolean,
): Promise<void> {
  const now = Date.now();
  const rows: string[][] = [];
  const remarks: string[] = [];
  for await (const request of requests) {
    const { id, webhook, handlerVersion } = request;
    const details = detailed ? [webhook?.status ?? '', handlerVersion ?? ''] : [];
    rows.push([...cellsOf(request, formatCreated(request.createdAt, now), false), ...details]);
    if (detailed) remarks.push(...remarksOf(request, now).map((text) => `${id}: ${text}`));
  }
  const header = [...HEADER, ...DETAILS];
  const isShown = (_: unknown, column: number) => column < HEADER.length || rows.some((row) => row[column]);
  const shown = rows.map((row) => header.map((_, column) => row[column] ?? '').filter(isShown));
  printRows(header.filter(isShown), shown, LEAST_IMPORTANT);
  for (const remark of remarks) {
    for (const line of wrapWords(printable(remark), outputWidth())) await print(line);
  }
}

/** Lines that say what a request waits for, why it failed, and why its webhook failed. */
function remarksOf(request: RequestResource, now: number): string[] {
  const { result, problem, lastError, webhook } = request;
  return [
    formatForecast(request, now),
    !result && (problem ?? lastError) ? formatOutcome(request, true) : '',
    webhook?.reason === undefined ? '' : `webhook ${formatWebhook(webhook)}`,
  ].filter(Boolean);
}

/** A request's progress: `52% reading rows`; of a scheduled one, when it may start: `at 2026-01-31T12:00:00.000Z`. */
export function formatProgress({ status, notBefore, progress }: RequestResource): string {
  if (status === 'scheduled') return `at ${notBefore}`;
  if (!progress) return '';
  const { fraction, note = '' } = progress;
  return `${Math.floor(fraction * 100)}% ${note}`.trimEnd();
}

/** A request's outcome: `47.1 KiB text/csv`, `csv_invalid`; its last error if it hasn't ended. */
export function formatOutcome({ result, problem, lastError }: RequestResource, detailed: boolean): string {
  if (result) return `${formatBytes(result.size)} ${result.contentType}`;
  if (problem) return detailed ? `${problem.code}: ${problem.detail}` : problem.code;
  if (!lastError) return '';
  const { code, name, message } = lastError;
  return detailed ? `${code ?? name}: ${message}` : (code ?? name);
}

function cellsOf(request: RequestResource, created: string, detailed: boolean): string[] {
  const progress = hasEnded(request) ? '' : formatProgress(request);
  const outcome = formatOutcome(request, detailed);
  const cells = [request.id, request.status, created, String(request.attempts), progress, outcome];
  if (!detailed) return cells;
  const { webhook, handlerVersion } = request;
  const details = [webhook ? formatWebhook(webhook) : '', handlerVersion ?? ''];
  return [...cells, ...details.slice(0, details.findLastIndex(Boolean) + 1)];
}

/** The status of a request's webhook: `failing after 2: the receiver answered 500`. */
function formatWebhook({ status, attempts, reason }: WebhookDelivery): string {
  return reason === undefined ? status : `${status} after ${attempts}: ${reason}`;
}

/** `2 h ago`; the time itself if it is in the future, because clocks disagree. */
function formatCreated(time: string, now: number): string {
  const seconds = Math.floor((now - Date.parse(time)) / 1000);
  return seconds >= 0 ? `${formatAge(seconds)} ago` : time;
}
