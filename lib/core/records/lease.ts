import { type ErrorSummary, summarizeError } from '../base/serialize-error.ts';
import type { Outcome } from '../model/outcome.ts';
import {
  type DeadLetterState,
  deadLetterOf,
  type GivingUp,
  type Progress,
  type RecordEvent,
  type RecordedRequest,
  type RequestRecord,
} from '../model/request-record.ts';
import type { StoredRecord } from '../ports/record-store.ts';
import type { RecordWriter } from './record-writer.ts';

/** An attempt's right to a request. What its holder says counts until another attempt took over. */
export class Lease {
  /** Which attempt holds it, from 1. */
  readonly attempt: number;
  /** The attempt before began and was never heard of again: it may have got as far as a result. */
  readonly takenOver: boolean;
  readonly #writer: RecordWriter;
  #stored: StoredRecord;

  constructor(writer: RecordWriter, stored: StoredRecord, takenOver: boolean) {
    this.attempt = stored.record.attempts;
    this.takenOver = takenOver;
    this.#writer = writer;
    this.#stored = stored;
  }

  /** Which attempt it is of those that count. */
  get countedAttempt(): number {
    return this.attempt - (this.#stored.record.uncountedAttempts ?? 0);
  }

  /** When the request's record was created, in milliseconds since 1970: another record of the same id has another time. */
  get createdAt(): number {
    return this.#stored.record.createdAt;
  }

  /** How often the request was put back from the dead-letter queue, if it was. */
  get redrives(): number | undefined {
    return this.#stored.record.redrives;
  }

  /** Whether the request's message belongs in the dead-letter queue, once the request has ended. */
  get deadLetter(): DeadLetterState {
    return deadLetterOf(this.#stored.record);
  }

  /** What the latest attempt that failed threw, as far as is known. */
  get lastError(): ErrorSummary | undefined {
    return this.#stored.record.lastError;
  }

  /** The request as its record has it: a ticketed upload's message says little about it. */
  get request(): RecordedRequest {
    return this.#stored.record.request;
  }

  /** The record as it was when this attempt last changed it. */
  get record(): RequestRecord {
    return this.#stored.record;
  }

  /** Records how far the attempt is. @returns whether it should go on */
  async progress(progress: Progress): Promise<boolean> {
    const { attempts, status } = await this.#apply({ type: 'progress', attempt: this.attempt, progress });
    return status === 'running' && attempts === this.attempt;
  }

  /** Until when the request belongs to this attempt, in milliseconds since 1970. */
  get endsAt(): number {
    return this.#stored.record.leaseEndsAt ?? 0;
  }

  /**
   * Keeps the request until a later time, in milliseconds since 1970.
   * @returns whether the attempt should go on: it isn't cancelled, and no other attempt has taken over
   */
  async renew(leaseEndsAt: number): Promise<boolean> {
    const { attempts, status } = await this.#apply({ type: 'renew', attempt: this.attempt, leaseEndsAt });
    return status === 'running' && attempts === this.attempt;
  }

  /**
   * Records the outcome.
   * @param givenUp where it is that there are no more attempts
   * @returns the one the request has now; undefined while another attempt is at it
   */
  async complete(outcome: Outcome, givenUp?: GivingUp): Promise<Outcome | undefined> {
    return (await this.#apply({ type: 'complete', attempt: this.attempt, outcome, givenUp })).outcome;
  }

  /**
   * Gives the request back after a failure.
   * @param uncounted whether the attempt doesn't count
   * @returns the outcome it has, if any: it may have been cancelled
   */
  async release(error: unknown, uncounted: boolean): Promise<Outcome | undefined> {
    const { attempt } = this;
    const released = { type: 'release', attempt, error: summarizeError(error), uncounted } as const;
    return (await this.#apply(released)).outcome;
  }

  /** @returns the record as it is now */
  async #apply(event: RecordEvent): Promise<RequestRecord> {
    const { stored } = await this.#writer.apply(this.#stored.record.request, event, this.#stored);
    this.#stored = stored;
    return stored.record;
  }
}
