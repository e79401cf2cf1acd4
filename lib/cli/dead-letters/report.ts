import { formatClaimCheck } from '../../core/model/claim-check.ts';
import { MAX_REDRIVES } from '../../core/model/request-record.ts';
import { formatTime } from '../../terminal/figures.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { isForPeople, printCells, printJson } from '../../terminal/output.ts';
import type { Dealt, Result } from './chore.ts';
import type { DeadLetter, LetterRequest } from './dead-letter.ts';
import { factsOf } from './letter-facts.ts';

/** What the cells of a request are called. */
export const HEADER = ['ticket', 'tenant', 'failed', 'attempts', 'put back', 'error', 'message'] as const;

/** The cells of a request. */
export function cellsOf(request: LetterRequest): string[] {
  const { id, tenant = '' } = request.described;
  const { endedAt, attempts, redrives, code, message } = factsOf(request);
  return [id, tenant, formatTime(endedAt), String(attempts), String(redrives), code, message];
}

/** A request of a letter, for programs. */
export function resourceOf(request: LetterRequest, { message: letter }: DeadLetter) {
  const { id, issuer, tenant } = request.described;
  const { endedAt, attempts, redrives, code, message } = factsOf(request);
  return {
    id,
    source: issuer || undefined,
    tenant,
    status: request.record?.status,
    code,
    message,
    endedAt: endedAt === undefined ? undefined : formatTime(endedAt),
    attempts,
    redrives,
    messageId: letter.id,
    sentAt: formatTime(letter.sentAt),
  };
}

/** Where a request's payload is: in the message, or in a bucket. */
export function formatPayload({ described }: LetterRequest): string {
  if ('rejection' in described) return '';
  const { payload, contentType = '' } = described;
  if ('unreadable' in payload) return payload.unreadable.message;
  if ('inline' in payload) {
    return `in the message, ${formatBytes(Buffer.byteLength(payload.inline))} ${contentType}`.trimEnd();
  }
  const size = payload.size === undefined ? '' : `, ${formatBytes(payload.size)}`;
  return `${formatClaimCheck(payload)}${size} ${contentType}`.trimEnd();
}

/** How often each of these occurs, the most frequent first. */
export class Tally<Name extends string> {
  readonly #counts = new Map<Name, number>();

  add(name: Name): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  /** `ServiceUnavailable 12, succeeded 1` @param show what a name is called */
  format(show: (name: Name) => string = String): string {
    const byCount = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    return byCount.map(([name, count]) => `${show(name)} ${formatCount(count)}`).join(', ');
  }
}

const RESULTS: Readonly<Record<Result, string>> = {
  put_back: 'put back',
  settled: 'deleted as put back by another letter',
  deleted: 'deleted',
  limit_reached: `left as put back ${MAX_REDRIVES} times`,
  put_back_already: 'left as just put back',
  failed: 'left as SQS refused',
};

/** What has become of letters: `put back: 12, left as put back 10 times: 1`. */
export function formatResults(tally: Tally<Result>): string {
  return tally.format((result) => `${RESULTS[result]}:`) || 'no letters';
}

/** Prints what has become of a letter, a line a request; people are told in the end. */
export async function printDealt(
  { letter, result }: Dealt,
  requests: readonly LetterRequest[],
  options: { readonly json?: true },
): Promise<void> {
  if (isForPeople(options)) return;
  for (const request of requests) {
    await (options.json
      ? printJson({ ...resourceOf(request, letter), result })
      : printCells([request.described.id, result]));
  }
}
