import { single } from './beginning.ts';
import { assertAllowed, type ClaimCheck, formatClaimCheck } from './claim-check.ts';
import type { DecodedRequest } from './envelopes/decode.ts';
import {
  PayloadCutShort,
  PayloadEmpty,
  PayloadSizeMismatch,
  PayloadTooLarge,
  PayloadUsed,
} from './errors.ts';
import type { OpenedPayload, PayloadStore } from './ports.ts';

/** Bounds of what is read. */
export interface PayloadLimits {
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  /** `bucket` or `bucket/prefix`: where claim checks may point. */
  readonly claimCheckSources: readonly string[];
}

/** A payload ready to be read, wherever it lies. */
export interface Payload {
  readonly size: number | undefined;
  readonly contentType: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** All of it, in memory, any number of times. @throws PayloadTooLarge, PayloadUsed when it was streamed before */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** As it arrives, or from memory if it is there. @throws PayloadUsed when it was streamed before */
  stream(): AsyncIterable<Uint8Array>;
  /** What reading failed of, if it did. */
  readError(): unknown;
  /** Frees what the payload holds when nobody will read (on). */
  discard(): void;
}

/**
 * Opens a request's payload. Nothing of it is read yet, and what can be refused unread is.
 * @throws ClaimCheckRefused, PayloadMissing, PayloadDenied, PayloadEmpty, PayloadTooLarge, PayloadSizeMismatch, or why
 *   the payload is unreadable
 */
export async function openPayload(
  { payload, metadata, contentType }: DecodedRequest,
  store: PayloadStore,
  limits: PayloadLimits,
  signal: AbortSignal,
): Promise<Payload> {
  if ('unreadable' in payload) throw payload.unreadable;
  if ('inline' in payload) return inlinePayload(payload.inline, contentType, metadata, limits);
  const opened = await openChecked(payload, store, limits, signal);
  return storedPayload(
    {
      ...opened,
      contentType: contentType ?? opened.contentType,
      metadata: { ...opened.metadata, ...metadata },
    },
    formatClaimCheck(payload),
    limits,
  );
}

function inlinePayload(
  inline: string | Uint8Array<ArrayBuffer>,
  contentType: string | undefined,
  metadata: Readonly<Record<string, string>>,
  limits: PayloadLimits,
): Payload {
  const bytes = typeof inline === 'string' ? Buffer.from(inline) : inline;
  assertSize('The payload', bytes.byteLength, limits.maxPayloadBytes);
  const about = { size: bytes.byteLength, contentType, metadata, readError() {}, discard() {} };
  return readOnce(
    about,
    () => single(bytes),
    async () => bytes,
  );
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

function storedPayload(opened: OpenedPayload, where: string, limits: PayloadLimits): Payload {
  const { size, contentType, metadata, discard } = opened;
  let readError: unknown;
  const stream = () =>
    measured(opened, where, limits.maxPayloadBytes, (error) => {
      readError = error;
    });
  return readOnce({ size, contentType, metadata, readError: () => readError, discard }, stream, () =>
    buffer(stream(), opened, `The payload ${where}`, limits.maxBufferedBytes),
  );
}

/** Inline or stored, a payload behaves the same: what is in memory can be had again, what streamed by can't. */
function readOnce(
  about: Omit<Payload, 'bytes' | 'stream'>,
  read: () => AsyncIterable<Uint8Array>,
  readAll: () => Promise<Uint8Array<ArrayBuffer>>,
): Payload {
  let streamed = false;
  let buffered: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return {
    ...about,
    async bytes() {
      if (streamed) throw new PayloadUsed();
      buffered ??= readAll();
      return buffered;
    },
    stream() {
      if (buffered) return awaited(buffered);
      if (streamed) throw new PayloadUsed();
      streamed = true;
      return read();
    },
  };
}

async function* awaited(bytes: Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await bytes;
}

/** Passes the bytes on, and fails at the end if they weren't as many as promised. */
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
    throw new PayloadTooLarge(what, size, limit);
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
  if (size > limit) throw new PayloadTooLarge(what, size, limit);
}
