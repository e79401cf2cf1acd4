import type { PermanentError } from '../base/errors.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { ClaimCheck } from './claim-check.ts';
import type { HttpCall } from './http-call.ts';
import type { QueueMessage } from './received-message.ts';
import type { RequestIdentity } from './request-id.ts';
import type { RequestTerms } from './request-terms.ts';

/** A payload inside the message. */
export interface InlinePayload {
  readonly inline: string | Uint8Array<ArrayBuffer>;
  /** The parsed JSON, if decoding the message parsed it. Parsing a large message twice would double its time. */
  readonly json?: { readonly value: unknown };
}

/** A request, decoded from its envelope. */
export interface DecodedRequest extends RequestIdentity, RequestTerms {
  readonly payload: InlinePayload | ClaimCheck | UnreadablePayload;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** When the client submitted it, in milliseconds since 1970, if known. */
  readonly submittedAt?: number;
  /** How an HTTP service is to be called, if the sender says so. */
  readonly http?: HttpCall;
  /** The sender asks for the result in pieces, while it is produced. */
  readonly streamed?: true;
  /** What a message of TrueFoundry's async service says besides its body: the members of a JSON object, without braces. */
  readonly truefoundryFields?: string;
  /** The record was created before the payload arrived, so a claim should read it first. */
  readonly ticketed?: true;
  /**
   * The message with the pointer of an extended client, which stored the original body: the payload is that body, which
   * may be any envelope. SNS may have wrapped the pointer.
   */
  readonly offloaded?: Pick<QueueMessage, 'id' | 'attributes'>;
}

/** A request that can't be handled. Its outcome reports why. */
export interface RejectedRequest extends RequestIdentity, TraceContext {
  readonly rejection: PermanentError;
}

/** A request in a decoded message. */
export type Decoded = DecodedRequest | RejectedRequest;

/** Limits of decoding. */
export interface DecodeLimits {
  readonly maxJsonDepth: number;
}

/** A payload that can't be read, and the error that its request fails with. */
export interface UnreadablePayload {
  readonly unreadable: PermanentError;
}
