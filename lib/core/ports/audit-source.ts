import type { ClaimCheck } from '../model/claim-check.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';

/** A record, with what the queues have of its request. */
export interface AuditedRecord {
  readonly record: RequestRecord;
  /** Whether a queue of requests has a message of it; undefined if that isn't known. */
  readonly hasMessage: boolean | undefined;
  /** Whether the dead-letter queue has a message of it; undefined if that isn't known. */
  readonly hasDeadLetter: boolean | undefined;
  /** The `endedAt` of the outcome that was published last, if that is noted. */
  readonly publishedEnd?: number;
  /** The `endedAt` of the outcome whose dead letter was deleted on purpose, if that is noted. */
  readonly discardedEnd?: number;
}

/** A stored payload or result. */
export interface ListedObject {
  readonly key: string;
  /** When it was written, or last renewed, in milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** A request that was submitted with a record, and has a message only. */
export interface UnrecordedRequest extends RequestIdentity {
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
}

/** What an audit compares. It is read while the service runs. */
export interface AuditSource {
  /** About how many records there are. */
  count(): Promise<number>;
  /** All stored objects; undefined if they aren't to be looked at. */
  objects(): AsyncIterable<ListedObject> | undefined;
  /** Whether an object exists that {@link objects} didn't list. */
  hasObject(check: ClaimCheck): Promise<boolean>;
  /** All records, a page at a time. */
  records(): AsyncIterable<readonly AuditedRecord[]>;
  /**
   * Messages that wait, and whose records are missing.
   * @param before when they were submitted at the latest, in milliseconds since 1970
   */
  unrecorded(before: number): Promise<readonly UnrecordedRequest[]>;
  /** Keys of the objects that messages refer to; undefined if messages can't be listed. */
  objectsOfMessages(): Promise<readonly string[]> | undefined;
  /** How long a message may wait that can't be listed, in milliseconds. @default 0 */
  readonly messageMilliseconds?: number;
}
