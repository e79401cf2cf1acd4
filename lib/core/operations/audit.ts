import { SQS_MAX_RETENTION_SECONDS } from '../config/aws-limits.ts';
import type { ClaimCheck } from '../model/claim-check.ts';
import { deadLetterOf, type RequestRecord } from '../model/request-record.ts';
import { isResultKept } from '../model/stored-result.ts';
import type { AuditedRecord } from '../ports/audit-source.ts';

/** What can be wrong with a ticket, and what to do about it. `TICKET` stands for its id. */
export const VERDICTS = {
  message_missing: {
    meaning: 'The request waits, and no message will start it.',
    remedy: 'Submit the payload again, then: npx coatcheck cancel TICKET',
  },
  attempt_abandoned: {
    meaning: 'The lease of its attempt is over, and no message will start another one.',
    remedy: 'Submit the payload again, then: npx coatcheck cancel TICKET',
  },
  record_missing: {
    meaning: 'Its message waits, and its record has disappeared.',
    remedy: 'Nothing: its attempt writes a new record. Find out who deletes records.',
  },
  payload_missing: {
    meaning: 'The request has not ended, and the stored object of its payload is gone.',
    remedy: 'Restore the object, or submit the payload again: the request will fail with payload_missing.',
  },
  result_missing: {
    meaning: 'It succeeded, and the stored object of its result is gone before its time.',
    remedy: 'Restore the object, or submit the payload again.',
  },
  outcome_unpublished: {
    meaning: 'It has ended, and its outcome was never put into the output queue.',
    remedy: 'Give its consumer the outcome: npx coatcheck status TICKET, npx coatcheck result TICKET',
  },
  dead_letter_missing: {
    meaning: 'It used up its attempts, and its dead letter is gone before its time.',
    remedy: 'If you purged it: nothing. Otherwise submit the payload again.',
  },
  payload_orphaned: {
    meaning: 'The stored object of a payload has neither a record nor a message.',
    remedy: 'If its client got a ticket, submit it again. Otherwise nothing: it is deleted by its age.',
  },
  result_orphaned: {
    meaning: 'The stored object of a result has no record.',
    remedy: 'Find out who deletes records. The object is deleted by its age.',
  },
} as const;

/** The name of one of {@link VERDICTS}. */
export type VerdictName = keyof typeof VERDICTS;

/** A ticket that doesn't add up. */
export interface AuditFinding {
  readonly verdict: VerdictName;
  /** The id of the request; of an object without one, its key. */
  readonly ticket: string;
  readonly tenant?: string;
  /** Since when it has been so at the latest, in milliseconds since 1970. */
  readonly since: number;
  /** The key of the stored object that it is about. */
  readonly object?: string;
}

/** A request as the stores have it. */
export interface AuditedRequest extends AuditedRecord {
  /** Keys of stored objects that its record refers to, and that the store doesn't have. */
  readonly missingObjects: ReadonlySet<string>;
}

/** What an audit goes by. */
export interface AuditRules {
  /** Milliseconds since 1970. */
  readonly now: number;
  /** How long a request may be between two stores, in milliseconds. */
  readonly graceMilliseconds: number;
  /** How long results are kept, in days. */
  readonly resultAgeDays: number;
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
    // A message that waits for its time is in the queue all the while, and is missed at once.
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
  // One that was cancelled while it waited for its upload has no message to be published by.
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
