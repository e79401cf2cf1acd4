import { type ErrorSummary, summarizeError } from '../base/serialize-error.ts';
import type { Checkpoint } from '../model/checkpoint.ts';
import type { Metadata } from '../model/kept-metadata.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Exhaustion, RecordEvent } from '../model/record-event.ts';
import {
  type DeadLetterState,
  deadLetterOf,
  type Progress,
  type RecordedRequest,
  type RequestRecord,
} from '../model/request-record.ts';
import type { HandlerWrites } from '../ports/handler-writes.ts';
import type { StoredRecord } from '../ports/record-store.ts';
import type { RecordWriter } from './record-writer.ts';

/** How an attempt ran its request. */
export type AttemptRun = Pick<
  Extract<RecordEvent, { readonly type: 'complete' }>,
  'unrun' | 'recovered' | 'traceparent'
>;

/** An attempt's right to a request. The events of its holder apply until another attempt takes over. */
export class Lease {
  /** The number of the attempt that holds the lease, from 1. */
  readonly attempt: number;
  /** Whether the attempt before never reported its end: it may have stored a result. */
  readonly takenOver: boolean;
  /** Whether the lease continues an attempt that was suspended at a checkpoint. */
  readonly continued: boolean;
  readonly #leaseId: string;
  readonly #writer: RecordWriter;
  #stored: StoredRecord;
  #run: AttemptRun = { unrun: true };
  #metadata: Metadata | undefined;

  /** @param before the record before the claim */
  constructor(writer: RecordWriter, stored: StoredRecord, before: RequestRecord | undefined) {
    const { attempts, leaseId = '' } = stored.record;
    this.attempt = attempts;
    // A claim that is repeated because its response was lost takes over nothing.
    this.takenOver = before?.status === 'running' && before.leaseId !== leaseId;
    this.continued = stored.record.suspended === true;
    this.#leaseId = leaseId;
    this.#writer = writer;
    this.#stored = stored;
  }

  /** The number of this attempt among those that count. */
  get countedAttempt(): number {
    return this.attempt - (this.#stored.record.uncountedAttempts ?? 0);
  }

  /** Whether another attempt, or the part of this one before it was suspended, may have stored a result. */
  get mayHaveResult(): boolean {
    return this.attempt > 1 || this.continued;
  }

  /** When the record was created, in milliseconds since 1970. A later record with the same id has another time. */
  get createdAt(): number {
    return this.#stored.record.createdAt;
  }

  /** How often the request was redriven from the dead-letter queue; undefined if never. */
  get redrives(): number | undefined {
    return this.#stored.record.redrives;
  }

  /** Whether the request's message belongs in the dead-letter queue, once the request has ended. */
  get deadLetter(): DeadLetterState {
    return deadLetterOf(this.#stored.record);
  }

  /** The latest error that an attempt reported. */
  get lastError(): ErrorSummary | undefined {
    return this.#stored.record.lastError;
  }

  /** The recorded request. The message of a ticketed upload contains less. */
  get request(): RecordedRequest {
    return this.#stored.record.request;
  }

  /** The record after the latest change by this attempt. */
  get record(): RequestRecord {
    return this.#stored.record;
  }

  /** Notes how the attempt runs the request, for the record of its end. @default it doesn't run it */
  noteRun(run: AttemptRun): void {
    this.#run = run;
  }

  /** Notes the metadata that the record keeps, some of which may only be on the payload's object. */
  noteMetadata(metadata: Metadata | undefined): void {
    this.#metadata = metadata;
  }

  /** Records progress. @returns whether the attempt should go on */
  async progress(progress: Progress): Promise<boolean> {
    return this.#isRunning(await this.#apply({ type: 'progress', leaseId: this.#leaseId, progress }));
  }

  /**
   * Saves a checkpoint.
   * @param suspend whether the attempt ends here, to be continued by the next claim
   * @returns the record after that
   */
  checkpoint(
    checkpoint: Checkpoint,
    progress: Progress | undefined,
    suspend: boolean,
  ): Promise<RequestRecord> {
    const { traceparent } = this.#run;
    return this.#apply({
      type: 'checkpoint',
      leaseId: this.#leaseId,
      checkpoint,
      progress,
      suspend,
      metadata: this.#metadata,
      traceparent,
    });
  }

  /** When the lease expires, in milliseconds since 1970. */
  get endsAt(): number {
    return this.#stored.record.leaseEndsAt ?? 0;
  }

  /** Reads the record. @returns whether the attempt should go on, as {@link renew} */
  async isHeld(): Promise<boolean> {
    return this.#isRunning(await this.#writer.read(this.request));
  }

  /**
   * Extends the lease.
   * @param leaseEndsAt in milliseconds since 1970
   * @returns whether the attempt should go on: the request isn't cancelled, and no other attempt has taken over
   */
  async renew(leaseEndsAt: number): Promise<boolean> {
    return this.#isRunning(await this.#apply({ type: 'renew', leaseId: this.#leaseId, leaseEndsAt }));
  }

  /**
   * Records the outcome.
   * @param attemptsExhausted set if the outcome is a failure because the attempts are used up
   * @param writes made in the same transaction, if the outcome is recorded. @default - none
   * @returns the outcome that the record has now; undefined while another attempt holds the lease
   * @throws WritesFailed if the writes can't be made; the record is as before
   */
  async complete(
    outcome: Outcome,
    attemptsExhausted?: Exhaustion,
    writes?: HandlerWrites,
  ): Promise<Outcome | undefined> {
    const completed = {
      type: 'complete',
      leaseId: this.#leaseId,
      outcome,
      attemptsExhausted,
      metadata: this.#metadata,
      ...this.#run,
    } as const;
    return (await this.#apply(completed, writes)).outcome;
  }

  /**
   * Releases the lease after a failure.
   * @param uncounted whether the attempt doesn't count
   * @param nextAttemptAt when the next attempt starts at the earliest, in milliseconds since 1970
   * @returns the outcome that the record has now, if any: the request may have been cancelled
   */
  async release(error: unknown, uncounted: boolean, nextAttemptAt: number): Promise<Outcome | undefined> {
    const released = {
      type: 'release',
      leaseId: this.#leaseId,
      error: summarizeError(error),
      uncounted,
      nextAttemptAt,
      metadata: this.#metadata,
      traceparent: this.#run.traceparent,
    } as const;
    return (await this.#apply(released)).outcome;
  }

  /** Whether this attempt runs the request, and should go on. */
  #isRunning(record: RequestRecord | undefined): boolean {
    return record?.status === 'running' && record.leaseId === this.#leaseId;
  }

  /** @returns the current record */
  async #apply(event: RecordEvent, writes?: HandlerWrites): Promise<RequestRecord> {
    const { stored } = await this.#writer.apply(this.#stored.record.request, event, this.#stored, writes);
    this.#stored = stored;
    return stored.record;
  }
}
