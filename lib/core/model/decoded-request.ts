import type { PermanentError } from '../base/errors.ts';
import type { TraceContext } from '../base/traceparent.ts';
import type { ClaimCheck } from './claim-check.ts';
import type { QueueMessage } from './received-message.ts';
import type { RequestIdentity } from './request-id.ts';

/** A payload that travelled in the message. */
export interface InlinePayload {
  readonly inline: string | Uint8Array<ArrayBuffer>;
  /** The value of its JSON, where decoding the message gave that: parsing it again would double the time of a large message. */
  readonly json?: { readonly value: unknown };
}

/** A request as its envelope described it. */
export interface DecodedRequest extends RequestIdentity, TraceContext {
  readonly payload: InlinePayload | ClaimCheck | UnreadablePayload;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whom its client wants its outcome to be told, if anybody in particular. */
  readonly callbackUrl?: string;
  /** Milliseconds since 1970 after which nobody waits for it any more. */
  readonly expiresAt?: number;
  /** When its client handed it in, in milliseconds since 1970, where that is known. */
  readonly submittedAt?: number;
  /** Its record was made before its payload came: a claim does well to read it first. */
  readonly ticketed?: true;
  /**
   * An extended client stored the message's body: the payload holds the whole message, which may be any envelope. This is
   * what came with the pointer, which SNS may have wrapped.
   */
  readonly offloaded?: Pick<QueueMessage, 'id' | 'attributes'>;
}

/** A request that can't be handled, for a reason its sender is told. */
export interface RejectedRequest extends RequestIdentity, TraceContext {
  readonly rejection: PermanentError;
}

/** What a message turned out to hold. */
export type Decoded = DecodedRequest | RejectedRequest;

/** Bounds of what is decoded. */
export interface DecodeLimits {
  readonly maxJsonDepth: number;
}

/** A payload that can't be read, which is why its request fails. */
export interface UnreadablePayload {
  readonly unreadable: PermanentError;
}
