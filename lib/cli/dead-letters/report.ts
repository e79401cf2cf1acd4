import type { DeadLetter, DeadLetterRequest } from '../../aws/dead-letter.ts';
import type { AliasRouting } from '../../aws/function-alias.ts';
import { formatClaimCheck } from '../../core/model/claim-check.ts';
import { MAX_REDRIVES } from '../../core/model/request-record.ts';
import { formatTime } from '../../terminal/figures.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { isForPeople, printCells, printJson } from '../../terminal/output.ts';
import type { ActionResult, HandledDeadLetter } from './action.ts';
import { summarize } from './summary.ts';

/** Column names of {@link deadLetterCells}. */
export const DEAD_LETTER_HEADER = [
  'ticket',
  'tenant',
  'failed',
  'attempts',
  'put back',
  'error',
  'message',
] as const;

/** The table cells of a request. */
export function deadLetterCells(request: DeadLetterRequest): string[] {
  const { id, tenant = '' } = request.described;
  const { endedAt, attempts, redrives, code, message } = summarize(request);
  return [id, tenant, formatTime(endedAt), String(attempts), String(redrives), code, message];
}

/** A request of a dead letter as JSON output. */
export function deadLetterResource(request: DeadLetterRequest, { message: letter }: DeadLetter) {
  const { id, source, tenant } = request.described;
  const { endedAt, attempts, redrives, code, message } = summarize(request);
  return {
    id,
    source: source || undefined,
    tenant,
    status: request.record?.status,
    code,
    message,
    endedAt: endedAt === undefined ? undefined : formatTime(endedAt),
    attempts,
    failureGroup: request.record?.failureGroup,
    handlerVersion: request.record?.handlerVersion,
    redrives,
    messageId: letter.id,
    sentAt: formatTime(letter.sentAt),
  };
}

/** Where a request's payload is (in the message, or in a bucket), its size and its type. */
export function formatPayload({ described }: DeadLetterRequest): string {
  if ('rejection' in described) return '';
  const { payload, contentType = '' } = described;
  if ('unreadable' in payload) return payload.unreadable.message;
  if ('inline' in payload) {
    return `in the message, ${formatBytes(Buffer.byteLength(payload.inline))} ${contentType}`.trimEnd();
  }
  const size = payload.size === undefined ? '' : `, ${formatBytes(payload.size)}`;
  return `${formatClaimCheck(payload)}${size} ${contentType}`.trimEnd();
}

/** Counts names. */
export class Tally<Name extends string> {
  readonly #counts = new Map<Name, number>();

  add(name: Name): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** `ServiceUnavailable 12, succeeded 1`, the most frequent first. @param label text of a name */
  format(label: (name: Name) => string = String): string {
    const byCount = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    return byCount.map(([name, count]) => `${label(name)} ${formatCount(count)}`).join(', ');
  }
}

const RESULTS: Readonly<Record<ActionResult, string>> = {
  put_back: 'put back',
  settled: 'deleted (already put back)',
  deleted: 'deleted',
  limit_reached: `kept (put back ${MAX_REDRIVES} times before)`,
  put_back_already: 'kept (put back by this run)',
  failed: 'kept (refused by the queue)',
};

/** `put back: 12, kept (put back 10 times before): 1` */
export function formatResults(tally: Tally<ActionResult>): string {
  return tally.format((result) => `${RESULTS[result]}:`) || 'no dead letters';
}

/** Prints a line for each request of a handled dead letter; on a terminal, nothing, since a total follows. */
export async function printHandled(
  { letter, result }: HandledDeadLetter,
  requests: readonly DeadLetterRequest[],
  { options, runBy }: { readonly options: { readonly json?: true }; readonly runBy?: AliasRouting },
): Promise<void> {
  if (isForPeople(options)) return;
  for (const request of requests) {
    await (options.json
      ? printJson({ ...deadLetterResource(request, letter), result, runBy })
      : printCells([request.described.id, result]));
  }
}
