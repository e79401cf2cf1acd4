import { single } from '../base/byte-streams.ts';
import { codingsOf, contentEncodingOf, decodeContent, decodeStream } from '../base/content-coding.ts';
import {
  PayloadCutShort,
  PayloadEmpty,
  PayloadLimitExceeded,
  PayloadSizeMismatch,
  PayloadUsed,
} from '../base/errors.ts';
import { assertAllowed, type ClaimCheck, formatClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest, InlinePayload } from '../model/decoded-request.ts';
import type { OpenedPayload, PayloadStore } from '../ports/payload-store.ts';
import type { StreamOptions } from './handler.ts';

/** Limits of reading. */
export interface PayloadLimits {
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  /** Allowed locations of claim checks, as {@link assertAllowed} takes them. */
  readonly claimCheckSources: readonly string[];
}

/** An opened payload, inline or stored. */
export interface Payload {
  readonly size: number | undefined;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly contentLanguage: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** The metadata of its object; empty if the payload came in its message. */
  readonly objectMetadata: Readonly<Record<string, string>>;
  /**
   * Reads it into memory, decoded. Can be called any number of times.
   * @throws PayloadLimitExceeded, ContentEncodingUnsupported, ContentEncodingInvalid, PayloadUsed if it was streamed before
   */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * The parsed JSON, if it is already known; undefined otherwise.
   * @throws PayloadUsed if it was streamed before
   */
  parsed(): { readonly value: unknown } | undefined;
  /**
   * Streams it as it arrives, or from memory if it was read before.
   * @throws PayloadUsed if it was streamed before; ContentEncodingUnsupported if it can't be decoded
   */
  stream(options?: StreamOptions): AsyncIterable<Uint8Array>;
  /** The error that ended the reading, if one did. */
  readError(): unknown;
  /** Frees the payload's resources if it won't be read further. */
  discard(): void;
}

/**
 * Opens a request's payload. Checks what can be checked without reading it.
 * @throws ClaimCheckRefused, PayloadMissing, PayloadDenied, PayloadEmpty, PayloadLimitExceeded, PayloadSizeMismatch, or the
 *   error of an unreadable payload
 */
export async function openPayload(
  { payload, ...request }: DecodedRequest,
  store: PayloadStore,
  limits: PayloadLimits,
  signal: AbortSignal,
): Promise<Payload> {
  if ('unreadable' in payload) throw payload.unreadable;
  if ('inline' in payload) return inlinePayload(payload, request, limits);
  const opened = await openChecked(payload, store, limits, signal);
  const described = {
    ...opened,
    contentType: request.contentType ?? opened.contentType,
    contentEncoding: request.contentEncoding ?? opened.contentEncoding,
    contentLanguage: request.contentLanguage ?? opened.contentLanguage,
    metadata: { ...opened.metadata, ...request.metadata },
  };
  return storedPayload(described, opened.metadata, formatClaimCheck(payload), limits);
}

/** The properties of a payload, from the message or the object. */
type Described = Pick<
  DecodedRequest | OpenedPayload,
  'contentType' | 'contentEncoding' | 'contentLanguage' | 'metadata'
>;

function described({ contentType, contentEncoding, contentLanguage, metadata }: Described) {
  return { contentType, contentEncoding: contentEncodingOf(contentEncoding), contentLanguage, metadata };
}

/** Opens a payload that is in memory. @throws PayloadLimitExceeded */
export function inlinePayload(
  { inline, json }: InlinePayload,
  request: Described,
  limits: PayloadLimits,
): Payload {
  const size = Buffer.byteLength(inline);
  assertSize('The payload', size, limits.maxPayloadBytes);
  const bytes = () => (typeof inline === 'string' ? Buffer.from(inline) : inline);
  const about = { ...described(request), objectMetadata: {}, size, readError() {}, discard() {} };
  return readOnce(about, 'The payload', limits, {
    stream: () => single(bytes()),
    bytes: async () => bytes(),
    parsed: json,
  });
}

async function openChecked(
  check: ClaimCheck,
  store: PayloadStore,
  limits: PayloadLimits,
  signal: AbortSignal,
) {
  const where = formatClaimCheck(check);
  assertAllowed(check, limits.claimCheckSources);
  if (check.size !== undefined) assertSize(`The payload ${where}`, check.size, limits.maxPayloadBytes);
  const opened = await store.open(check, signal);
  try {
    assertOpened(opened, check, where, limits);
    return opened;
  } catch (error) {
    opened.discard();
    throw error;
  }
}

function assertOpened(opened: OpenedPayload, check: ClaimCheck, where: string, limits: PayloadLimits): void {
  if (opened.size === undefined) return;
  if (opened.size === 0) throw new PayloadEmpty(where);
  assertSize(`The payload ${where}`, opened.size, limits.maxPayloadBytes);
  if (check.size !== undefined && check.size !== opened.size) {
    throw new PayloadSizeMismatch(where, check.size, opened.size);
  }
}

function storedPayload(
  opened: OpenedPayload,
  objectMetadata: Payload['objectMetadata'],
  where: string,
  limits: PayloadLimits,
): Payload {
  const { size, discard } = opened;
  const what = `The payload ${where}`;
  let readError: unknown;
  const stream = () =>
    measured(opened, where, limits.maxPayloadBytes, (error) => {
      readError = error;
    });
  const about = { ...described(opened), objectMetadata, size, readError: () => readError, discard };
  return readOnce(about, what, limits, {
    stream,
    bytes: () => buffer(stream(), opened, what, limits.maxBufferedBytes),
  });
}

/** Reads a payload without decoding it. */
interface Source {
  stream(): AsyncIterable<Uint8Array>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  readonly parsed?: { readonly value: unknown };
}

/** Inline and stored payloads behave the same: bytes in memory can be read again, a stream can't. */
function readOnce(
  about: Omit<Payload, 'bytes' | 'parsed' | 'stream'>,
  what: string,
  { maxBufferedBytes, maxPayloadBytes }: PayloadLimits,
  source: Source,
): Payload {
  const { contentEncoding } = about;
  let streamed = false;
  let buffered = false;
  let encoded: Promise<Uint8Array<ArrayBuffer>> | undefined;
  let decoded: Promise<Uint8Array<ArrayBuffer>> | undefined;
  const assertUnused = () => {
    if (streamed) throw new PayloadUsed();
  };
  const bytes = () => {
    encoded ??= source.bytes();
    return encoded;
  };
  const stream = () => {
    if (buffered) return awaited(bytes());
    assertUnused();
    streamed = true;
    return source.stream();
  };
  return {
    ...about,
    parsed() {
      if (!source.parsed || contentEncoding !== undefined) return undefined;
      assertUnused();
      buffered = true;
      return source.parsed;
    },
    async bytes() {
      assertUnused();
      // Don't read what can't be decoded.
      codingsOf(contentEncoding);
      buffered = true;
      decoded ??= bytes().then((bytes) => decodeContent(bytes, contentEncoding, what, maxBufferedBytes));
      return decoded;
    },
    stream({ decode = false } = {}) {
      if (!decode) return stream();
      codingsOf(contentEncoding);
      return decodeStream(stream(), contentEncoding, what, maxPayloadBytes);
    },
  };
}

async function* awaited(bytes: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes;
}

/** Passes the bytes on, and fails if their number exceeds the limit or differs from the announced size. */
async function* measured(
  { body, size }: OpenedPayload,
  where: string,
  limit: number,
  onError: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of body) {
      read += chunk.byteLength;
      assertSize(`The payload ${where}`, read, limit);
      yield chunk;
    }
    if (size !== undefined && read !== size) throw new PayloadCutShort(where, size, read);
  } catch (error) {
    onError(error);
    throw error;
  }
}

async function buffer(
  stream: AsyncIterable<Uint8Array>,
  { size, discard }: OpenedPayload,
  what: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (size !== undefined && size > limit) {
    discard();
    throw new PayloadLimitExceeded(what, size, limit);
  }
  const chunks: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of stream) {
    read += chunk.byteLength;
    assertSize(what, read, limit);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, read);
}

function assertSize(what: string, size: number, limit: number): void {
  if (size > limit) throw new PayloadLimitExceeded(what, size, limit);
}
