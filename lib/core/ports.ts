import type { ClaimCheck } from './claim-check.ts';
import type { Delivery, MessageAttribute } from './delivery.ts';
import type { CountedCode } from './failure-codes.ts';
import type { CountName, DistributionName } from './metric-names.ts';
import type { Outcome } from './outcome.ts';
import type { RequestIdentity } from './request-id.ts';
import type { RequestRecord } from './request-record.ts';

/** A payload being read from a store. */
export interface OpenedPayload {
  /** Bytes in all, where the store says so. */
  readonly size?: number;
  readonly contentType?: string;
  /** As it was uploaded, the codings S3's clients add among them. */
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /** The object's version, in a bucket that has versions. */
  readonly versionId?: string;
  /** What the uploader noted on the object. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the reading and frees the connection; harmless when everything was read. */
  discard(): void;
}

/**
 * Where payloads are read and large results are kept.
 * Leaves out listing and deleting: objects end by the bucket's lifecycle.
 */
export interface PayloadStore {
  /**
   * Starts reading.
   * @throws PayloadMissing, PayloadDenied when that is final; anything else is worth another attempt
   */
  open(check: ClaimCheck, signal: AbortSignal): Promise<OpenedPayload>;

  /** The version an object has now; undefined in a bucket without versions. */
  versionOf(check: ClaimCheck, signal: AbortSignal): Promise<string | undefined>;

  /**
   * Stores a result of any size without holding it in memory. The first writer of a key wins: a later call with the
   * same key adopts what is there, so that a redelivered request has one result.
   */
  save(
    key: string,
    body: AsyncIterable<Uint8Array>,
    contentType: string,
    signal: AbortSignal,
  ): Promise<StoredResult>;

  /** Opens what was saved under a key; undefined when nothing was. */
  recall(key: string, signal: AbortSignal): Promise<OpenedPayload | undefined>;

  /** Largest result {@link lend} can copy. */
  readonly maxLentBytes: number;

  /** Copies a stored result to a key its consumer may delete. @throws PayloadMissing when it is gone */
  lend(result: StoredResult, key: string): Promise<StoredResult>;
}

/** A result in a store, with what an outcome says about it. */
export interface StoredResult {
  readonly check: ClaimCheck;
  readonly size: number;
  readonly contentType: string;
  /** Whether its bytes are UTF-8; undefined when that isn't known. Set by the engine, where outcomes are raw. */
  readonly isText?: boolean;
}

/** A message to be sent. */
export interface OutputMessage {
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttribute>>;
  /** Whose it is, where the queue is to be fair: up to 128 printable characters of ASCII. */
  readonly group?: string;
}

/** What became of one message of an {@link Outlet.send}. */
export type SendResult =
  | { readonly sent: true }
  | {
      readonly sent: false;
      /** The queue works and never takes this message: its own fault, such as its size. */
      readonly refused: boolean;
      readonly reason: string;
    };

/**
 * Takes messages, several in one call. Leaves out ordering and deduplication: one may arrive twice, and in any order.
 */
export interface Outlet<Message> {
  /** Most messages in one send. */
  readonly maxMessages: number;
  /** Most bytes in one send, as {@link sizeOf} counts them. */
  readonly maxBytes: number;
  /** Most bytes of one message, as {@link sizeOf} counts them: at most {@link maxBytes}. */
  readonly maxMessageBytes: number;
  /** What a message counts towards {@link maxBytes} and {@link maxMessageBytes}. */
  sizeOf(message: Message): number;
  /** One call. The results stand in the order of the messages; it rejects only when nothing is known of any. */
  send(messages: readonly Message[]): Promise<readonly SendResult[]>;
}

/** Where outcomes go. */
export type OutputQueue = Outlet<OutputMessage>;

/** An event for a bus, where rules decide who gets it. */
export interface BusEvent {
  /** What happened, for rules to match. */
  readonly type: string;
  /** All about it, as JSON. */
  readonly json: string;
  /** When it happened, in milliseconds since 1970. */
  readonly time: number;
}

/** Where others besides the consumers of outcomes are told. */
export type EventBus = Outlet<BusEvent>;

/** A wait a message is to have before its next delivery. */
export interface Deferral {
  readonly delivery: Delivery;
  /** Whole seconds; 0 makes it available at once. */
  readonly delaySeconds: number;
}

/**
 * What the engine does to messages it was given, besides telling its caller which to deliver again.
 * Leaves out receiving: deliveries are brought by the event source or the worker.
 */
export interface InputQueue {
  /** Sets when messages are delivered again. A wait that couldn't be set is the queue's own default. */
  defer(deferrals: readonly Deferral[]): Promise<void>;
  /** Ends messages before the batch is over. One that couldn't be ended is delivered again. */
  acknowledge(deliveries: readonly Delivery[]): Promise<void>;
}

/** A record as a store keeps it. */
export interface StoredRecord {
  readonly record: RequestRecord;
  /** Which write of the record it is, from 1. */
  readonly revision: number;
  /** When the store may drop it, in milliseconds since 1970, to the second. It may do so much later. */
  readonly keptUntil: number;
}

/** What became of a write. */
export type WriteResult =
  | { readonly written: true }
  /** Another write came first: what is stored, or nothing any more. */
  | { readonly written: false; readonly stored: StoredRecord | undefined };

/**
 * Keeps request records, of a result that is stored as well the reference only. Leaves out every rule about them but
 * one: a write that doesn't follow the latest write is refused.
 */
export interface RecordStore {
  /** What is stored now, even past the time it is kept. */
  read(request: RequestIdentity): Promise<StoredRecord | undefined>;
  /** Writes if the stored revision is one less; the first if nothing is stored. */
  write(next: StoredRecord): Promise<WriteResult>;
}

/** Which records to list. */
export interface RecordListing {
  /** Whose; those of nobody in particular when absent. */
  readonly tenant?: string;
  /** Begin after the record that stands here, as `positionOf` says; with the newest when absent. */
  readonly after?: string;
  /** Most records to return, from 1. */
  readonly limit: number;
}

/** Records that follow each other in a list. */
export interface RecordPage {
  /** It may have fewer than the limit, even none, and not be the last. */
  readonly records: readonly RequestRecord[];
  /** Where the next page begins after; absent when there are no more. */
  readonly next?: string;
}

/** Counts the calls of the API that are held until a request ends, of all its instances. */
export interface HeldCalls {
  /**
   * Whether one more call may be held, counting it if so. It isn't counted down: calls are bounded that begin to be
   * held, not those that are.
   * @param now milliseconds since 1970
   */
  mayHold(now: number): Promise<boolean>;
}

/**
 * Finds records without their ids, a tenant's newest first by when they were created. What was just written may be
 * missing, or be as it was before. Leaves out filters, and records that are past the time they are kept.
 */
export interface RecordIndex {
  list(listing: RecordListing): Promise<RecordPage>;
}

/** What an idempotency key was used for first. */
export interface KeyUse {
  readonly requestId: string;
  /** Stands for all that was asked for: another one under the same key is another request. */
  readonly fingerprint: string;
  /** When, in milliseconds since 1970. */
  readonly usedAt: number;
  /** Until when the key means this use, in milliseconds since 1970, rounded up to the second. */
  readonly keptUntil: number;
}

/** Remembers what idempotency keys were used for; one tenant's keys are nothing to another's. */
export interface IdempotencyKeys {
  /**
   * Takes a key for a use. Of any number of callers at a time one gets it.
   * @returns the use the key has now: this one, which has its `requestId`, or an earlier one whose time isn't over at
   * `use.usedAt`
   */
  take(tenant: string | undefined, key: string, use: KeyUse): Promise<KeyUse>;
  /** The use a key has at a time, in milliseconds since 1970; undefined when it could be taken. */
  find(tenant: string | undefined, key: string, at: number): Promise<KeyUse | undefined>;
}

/** The way into the input queue. */
export interface SubmissionQueue {
  /** Most bytes of a message. */
  readonly maxBytes: number;
  /**
   * Rejects when the queue didn't say that it has the message; it may have it all the same.
   * @param tenant lets the queue be fair among tenants
   */
  send(message: string, tenant: string | undefined): Promise<void>;
}

/** A payload a client is to upload by itself. */
export interface ExpectedUpload {
  readonly key: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  /**
   * What the client notes on the object. Stores keep it as headers: whoever takes it from a client sees to it that names
   * are lower-case tokens, and values printable ASCII without space around it.
   */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What an upload by a form is held to. */
export interface UploadTerms {
  /** Bytes it has, no more and no less. */
  readonly size: number;
  /** Base64 of the 32 bytes; absent when the client didn't say. */
  readonly sha256?: string;
  readonly expiresInSeconds: number;
}

/** A form by which anyone who has it can upload one payload, until it expires. */
export interface UploadForm {
  readonly url: string;
  /** To be sent as they are, before the field `file`. */
  readonly fields: Readonly<Record<string, string>>;
}

/** A part of a multipart upload that is to be uploaded. */
export interface ExpectedPart {
  /** From 1. */
  readonly number: number;
  /** Bytes it has, no more and no less. */
  readonly size: number;
}

/** A part of a multipart upload that was uploaded. */
export interface UploadedPart {
  /** From 1. */
  readonly number: number;
  readonly etag: string;
}

/** Lets clients upload and download by themselves, with links that work for a while. */
export interface ClientTransfers {
  /** A form for one upload and no other. */
  form(upload: ExpectedUpload, terms: UploadTerms): Promise<UploadForm>;
  /** Begins an upload in parts. @returns the name the store gave to it */
  beginParts(upload: ExpectedUpload): Promise<string>;
  /** URLs to PUT these parts to, in their order. */
  partUrls(
    key: string,
    uploadName: string,
    parts: readonly ExpectedPart[],
    expiresInSeconds: number,
  ): Promise<readonly string[]>;
  /**
   * Makes the object of these parts, in the order of their numbers; parts that were uploaded and aren't named are
   * dropped. Said again after it succeeded, it succeeds or rejects with UploadUnknown.
   * @param size bytes the object must have
   * @throws UploadIncomplete when the parts aren't among those that were uploaded, or have another size in all;
   *   UploadUnknown when it was ended before
   */
  completeParts(key: string, uploadName: string, parts: readonly UploadedPart[], size: number): Promise<void>;
  /** Drops an upload with its parts; nothing when there is none. */
  abortParts(key: string, uploadName: string): Promise<void>;
  /** A URL to GET a result from. */
  downloadUrl(result: StoredResult, expiresInSeconds: number): Promise<string>;
}

/** Work a service has done. */
export interface WorkDone {
  /** Requests whose outcome was published. */
  readonly completed: number;
  /** Attempts whose handler ran, whatever came of them. */
  readonly handled: number;
  /** How long these held slots, in all. */
  readonly milliseconds: number;
}

/** Work done lately. */
export interface RecentWork extends WorkDone {
  /** The time it was done in. */
  readonly seconds: number;
}

/**
 * What all instances of a service have done lately. Leaves out exactness: work may be missing or, rarely, counted
 * twice, and counts as done when it was added.
 */
export interface LoadLog {
  /** @param at milliseconds since 1970 */
  add(at: number, work: WorkDone): Promise<void>;
  /** The work of about the last minute. @param now milliseconds since 1970 */
  recent(now: number): Promise<RecentWork>;
}

/** Figures of a batch. */
export interface BatchFigures {
  /** Those left out are none. */
  readonly counts: Readonly<Partial<Record<CountName, number>>>;
  /** Every value that was measured, in the unit of {@link DISTRIBUTIONS}; none where nothing was. */
  readonly values: Readonly<Record<DistributionName, readonly number[]>>;
  /** Failures by code; those left out are none. */
  readonly failures: ReadonlyMap<CountedCode, number>;
}

/** Where figures go. Leaves out answers: they are on their way when it returns, and may get lost. */
export interface Metrics {
  emit(figures: BatchFigures): void;
}

/** One attempt at a request, as a trace shows it. */
export interface TracedAttempt {
  readonly requestId: string;
  readonly tenant?: string;
  /** Which delivery of its message it was, from 1. */
  readonly attempt: number;
  /** The trace the request belongs to. */
  readonly traceparent?: string;
  /** Milliseconds since 1970, as is {@link endedAt}. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** How its request ended, or that it is to be tried again. */
  readonly ended: Outcome['status'] | 'retried';
  /** Why it failed or is to be tried again. */
  readonly error?: { readonly type: string; readonly message: string };
}

/** Where attempts are traced. Leaves out answers: what can't be told is forgotten. */
export interface Tracer {
  add(attempt: TracedAttempt): void;
  /** Waits until all that was added is on its way. Never rejects. */
  flush(): Promise<void>;
}

/** Requests that are in an input queue; about, as far as it knows. */
export interface Backlog {
  readonly waiting: number;
  /** Being processed, or waiting for their next attempt. */
  readonly inFlight: number;
  /** Not to be delivered yet. */
  readonly delayed: number;
}

/** Tells how much there is to do. */
export interface BacklogGauge {
  read(): Promise<Backlog>;
}

/** Structured logging, as Powertools and others have it. */
export interface Logger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A logger that adds these fields to every line. */
  child(fields: Readonly<Record<string, unknown>>): Logger;
}

/** Time and chance, injected where behaviour depends on them. */
export interface Chance {
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 up to, not including, 1. */
  random(): number;
}
