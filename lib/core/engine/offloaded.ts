import {
  EnvelopeMalformed,
  PayloadCutShort,
  PayloadEmpty,
  PayloadLimitExceeded,
  PermanentError,
} from '../base/errors.ts';
import { leadingMembers } from '../base/json.ts';
import { JSON_TYPE, TEXT_TYPE } from '../base/media-type.ts';
import { SQS_MAX_MESSAGE_BYTES } from '../config/aws-limits.ts';
import { assertAllowed, type ClaimCheck, formatClaimCheck } from '../model/claim-check.ts';
import type { Decoded, DecodedRequest, DecodeLimits } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import type { OpenedPayload, PayloadStore } from '../ports/payload-store.ts';
import type { PayloadLimits } from '../processor/payload.ts';
import { decode } from '../wire/decode.ts';
import { beginsTrueFoundryMessage } from '../wire/decode-truefoundry.ts';
import { utf8Text } from '../wire/message-text.ts';

/** A request whose message an extended client stored. */
export interface OffloadedRequest extends DecodedRequest {
  readonly payload: ClaimCheck;
  readonly offloaded: NonNullable<DecodedRequest['offloaded']>;
}

/** Whether a request's payload is a stored message that hasn't been read yet. */
export function isOffloaded(decoded: Decoded): decoded is OffloadedRequest {
  return 'offloaded' in decoded && decoded.offloaded !== undefined && 'key' in decoded.payload;
}

/**
 * Reads a message that an extended client stored, and decodes it like any other message: the client offloads by size, and
 * the size of a message must not change its meaning.
 *
 * An object above {@link SQS_MAX_MESSAGE_BYTES} can't have been a message of the queue. If it begins as a CloudEvent, it is
 * read up to `maxBufferedBytes`. Otherwise it is the payload and stays in the store, to be streamed: JSON if it begins
 * like JSON, else text. An object that isn't UTF-8 is also the payload, with the object's own content type.
 * @returns the requests of the message. If the object permanently can't be read, it is the request that the pointer
 *   describes, with an unreadable payload.
 * @throws the store's error if a retry may succeed
 */
export async function decodeOffloaded(
  request: OffloadedRequest,
  delivery: QueueMessage,
  store: PayloadStore,
  limits: DecodeLimits & PayloadLimits,
  signal: AbortSignal,
): Promise<readonly Decoded[]> {
  try {
    assertAllowed(request.payload, limits.claimCheckSources);
    const opened = await store.open(request.payload, signal);
    try {
      return await decodeOpened(request, delivery, opened, limits);
    } finally {
      opened.discard();
    }
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return [{ ...request, offloaded: undefined, payload: { unreadable: error } }];
  }
}

async function decodeOpened(
  request: OffloadedRequest,
  delivery: QueueMessage,
  opened: OpenedPayload,
  limits: DecodeLimits & PayloadLimits,
): Promise<readonly Decoded[]> {
  const content = await readContent(opened, formatClaimCheck(request.payload), limits);
  if ('message' in content) {
    // The object's metadata counts as attributes of the message.
    const { id } = request.offloaded;
    const attributes = { ...opened.metadata, ...request.offloaded.attributes };
    return decode({ ...delivery, id, body: content.message, attributes }, limits).map(rejectedIfOffloaded);
  }
  const { versionId, size } = opened;
  const payload = { ...request.payload, versionId, size };
  const contentType = request.contentType ?? content.contentType;
  return [{ ...request, offloaded: undefined, payload, contentType }];
}

/** An object's content: a message, or a payload that stays in the store. */
type Content = { readonly message: string } | { readonly contentType: string | undefined };

async function readContent(
  { body, size, contentType }: OpenedPayload,
  where: string,
  { maxBufferedBytes }: PayloadLimits,
): Promise<Content> {
  const chunks: Uint8Array[] = [];
  let read = 0;
  let isLarge = false;
  for await (const chunk of body) {
    chunks.push(chunk);
    read += chunk.byteLength;
    if (!isLarge && read > SQS_MAX_MESSAGE_BYTES) {
      const beginning = beginningOf(chunks);
      if (beginning === undefined) return { contentType };
      if (!beginsEnvelope(beginning)) return { contentType: likelyType(beginning) };
      isLarge = true;
    }
    if (isLarge && read > maxBufferedBytes) {
      throw new PayloadLimitExceeded(`The message ${where}`, size ?? read, maxBufferedBytes);
    }
  }
  if (size !== undefined && read !== size) throw new PayloadCutShort(where, size, read);
  if (read === 0) throw new PayloadEmpty(where);
  const message = utf8Text(Buffer.concat(chunks, read));
  return message === undefined ? { contentType } : { message };
}

/** Whether a text begins a message that contains its payload. */
function beginsEnvelope(beginning: string): boolean {
  const members = leadingMembers(beginning);
  return members.includes('specversion') || beginsTrueFoundryMessage(members);
}

/** The chunks as text, without a last character that is incomplete; undefined if they aren't UTF-8. */
function beginningOf(chunks: readonly Uint8Array[]): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks), { stream: true });
  } catch {
    return undefined;
  }
}

function likelyType(beginning: string): string {
  return /^\s*[{[]/.test(beginning) ? JSON_TYPE : TEXT_TYPE;
}

/** An extended client stores messages, not its own pointers. */
function rejectedIfOffloaded(decoded: Decoded): Decoded {
  if (!isOffloaded(decoded)) return decoded;
  const { id, source, tenant, traceparent, tracestate } = decoded;
  const rejection = new EnvelopeMalformed('extended client pointer', 'it points at another pointer');
  return { id, source, tenant, traceparent, tracestate, rejection };
}
