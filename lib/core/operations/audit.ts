import { VERDICTS, type VerdictName } from '../config/audit-verdicts.ts';
import { SQS_MAX_RETENTION_SECONDS } from '../config/aws-limits.ts';
import type { ClaimCheck } from '../model/claim-check.ts';
import { deadLetterOf, type RequestRecord } from '../model/request-record.ts';
import { isResultKept } from '../model/stored-result.ts';
import type { AuditedRecord } from '../ports/audit-source.ts';

/** A ticket that doesn't add up. */
export interface AuditFinding {
  readonly verdict: VerdictName;
  /** The id of the request; of an object without one, its key. */
  readonly ticket: string;
  readonly tenant?: string;
  /** When it began at the latest, in milliseconds since 1970. */
  readonly since: number;
  /** The key of the stored object that it is about. */
  readonly object?: string;
}

/** A request as the stores have it. */
export interface AuditedRequest extends AuditedRecord {
  /** Keys of stored objects that its record refers to, and that the store doesn't have. */
  readonly missingObjects: ReadonlySet<string>;
}

/** How long a request may be between two stores, unless the audit says otherwise. */
export const DEFAULT_GRACE_SECONDS = 60;

/** The rules of an audit. */
export interface AuditRules {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long a request may be between two stores, in milliseconds. */
  readonly graceMilliseconds: number;
  /** How long results are kept, in days. */
  readonly resultAgeDays: number;
  /** How long records are kept after their last change, in days. @default - that of a service */
  readonly recordAgeDays?: number;
  /** From when on publications are noted, in milliseconds since 1970; undefined if they aren't. */
  readonly publicationsSince?: number;
}

/** A dead letter that is a little older may just be deleted. */
const DEAD_LETTER_MILLISECONDS = (SQS_MAX_RETENTION_SECONDS - 3_600) * 1000;

/** Judges a request. A pure function: the stores differ, the verdicts don't. */
export function auditRequest(audited: AuditedRequest, rules: AuditRules): readonly AuditFinding[] {
  const { record } = audited;
  const found: AuditFinding[] = [];
  const { id: ticket, tenant } = record.request;
  const add = (verdict: VerdictName, since: number, object?: string) => {
    if (since + rules.graceMilliseconds > rules.now) return;
    found.push({
      verdict,
      ticket,
      ...(tenant !== undefined && { tenant }),
      since,
      ...(object && { object }),
    });
  };
  if (record.outcome) judgeEnded(audited, record, rules, add);
  else judgeUnended(audited, record, rules, add);
  return found;
}

/** What to do about a finding. */
export function remedyOf({ verdict, ticket }: AuditFinding): string {
  return VERDICTS[verdict].remedy.replaceAll('TICKET', ticket);
}

type Add = (verdict: VerdictName, since: number, object?: string) => void;

function judgeUnended(
  { hasMessage, missingObjects }: AuditedRequest,
  record: RequestRecord,
  { now }: AuditRules,
  add: Add,
): void {
  const { status, updatedAt, leaseEndsAt = 0, nextAttemptAt = 0, payload } = record;
  if (status === 'awaiting_upload') return;
  if (hasMessage === false) {
    // A message that waits for its time stays in the queue, so a missing one shows at once.
    if (status === 'queued') add('message_missing', updatedAt);
    else if (leaseEndsAt <= now) add('attempt_abandoned', Math.max(leaseEndsAt, nextAttemptAt));
  }
  const key = payload?.check?.key;
  if (key !== undefined && missingObjects.has(key)) add('payload_missing', updatedAt, key);
}

function judgeEnded(
  { hasMessage, hasDeadLetter, publishedEnd, discardedEnd, missingObjects }: AuditedRequest,
  record: RequestRecord,
  { now, resultAgeDays, publicationsSince }: AuditRules,
  add: Add,
): void {
  const { outcome, attempts } = record;
  if (!outcome) return;
  const { endedAt } = outcome;
  const key = resultObjectOf(record)?.key;
  if (key !== undefined && missingObjects.has(key) && isResultKept(endedAt, resultAgeDays, now)) {
    add('result_missing', endedAt, key);
  }
  // While there is a message, it is published again.
  if (hasMessage !== false) return;
  // A request that was cancelled while it waited for its upload has no message, so nothing publishes it.
  const isPublished = publishedEnd === endedAt || (outcome.status === 'cancelled' && attempts === 0);
  const isStreamed = outcome.status === 'succeeded' && outcome.result.streamed;
  if (!isPublished && !isStreamed && publicationsSince !== undefined && endedAt >= publicationsSince) {
    add('outcome_unpublished', endedAt);
  }
  const isKept = now < endedAt + DEAD_LETTER_MILLISECONDS && discardedEnd !== endedAt;
  if (hasDeadLetter === false && isKept && deadLetterOf(record) !== 'no') add('dead_letter_missing', endedAt);
}

/** The stored object of a result; undefined if the record has the result itself. */
function resultObjectOf({ outcome }: RequestRecord): ClaimCheck | undefined {
  if (outcome?.status !== 'succeeded') return undefined;
  const { result } = outcome;
  return 'check' in result ? result.check : result.stored?.check;
}

/** The stored objects that a record needs to be there. */
export function objectsOf(record: RequestRecord): readonly ClaimCheck[] {
  const check = record.outcome ? resultObjectOf(record) : record.payload?.check;
  return check ? [check] : [];
}
