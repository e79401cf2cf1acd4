import { EnvelopeMalformed, PermanentError } from '../base/errors.ts';
import { isJson, parseJson } from '../base/json.ts';
import type { JsonObject } from '../base/json-object.ts';
import { contentTypeProblem, isJsonType, JSON_TYPE } from '../base/media-type.ts';
import { callbackUrlLengthProblem } from '../model/callback-url.ts';
import { claimCheckProblem } from '../model/claim-check.ts';
import type { Decoded, DecodeLimits } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { identityProblem, type RequestIdentity } from '../model/request-id.ts';
import { ATTRIBUTES } from './attributes.ts';
import { decodeCloudEvent, isCloudEvent } from './decode-cloudevent.ts';
import { decodeBinaryCloudEvent } from './decode-cloudevent-binary.ts';
import { decodeTrueFoundryMessage, isTrueFoundryMessage, trueFoundryId } from './decode-truefoundry.ts';
import { decodeExtendedClientPointer, isExtendedClientPointer } from './extended-client.ts';
import { isJmsEncoded, unwrapJms } from './jms.ts';
import { isKombu, kombuText, unwrapKombu } from './kombu.ts';
import { decodePlain } from './plain.ts';
import { asRejection } from './rejection.ts';
import { isRelayed, unwrapRelayed } from './relayed-message.ts';
import {
  decodeS3Event,
  decodeS3EventBridgeEvent,
  isS3Event,
  isS3EventBridgeEvent,
  isS3TestEvent,
} from './s3-event.ts';
import { isSnsConfirmation, isSnsNotification, rejectConfirmation, unwrapSns } from './sns.ts';
import { decodeSubmission, isSubmission } from './submission.ts';

/**
 * Decodes a message of any accepted envelope. It never throws: a message that breaks its envelope's rules is a
 * rejected request, and a message without a request (S3's test event) gives an empty list.
 *
 * The body of a CloudEvent in binary mode is its data, whatever it contains. A notification from SNS, a relayed message, and
 * one of the JMS library or of kombu are unwrapped first. Other envelopes are tried in a fixed order, the most specific first. A
 * message without an envelope is the payload itself.
 */
export function decode(delivery: QueueMessage, limits: DecodeLimits): readonly Decoded[] {
  let value: unknown;
  try {
    const { cloudEvent } = delivery;
    if (cloudEvent) {
      return [checked(inLane(inTrace(decodeBinaryCloudEvent(cloudEvent, delivery), delivery), delivery))];
    }
    value = looksLikeContainer(delivery.body) ? parsed(delivery, limits) : undefined;
    if (isSnsNotification(value) && !isTrueFoundryMessage(value))
      return decode(unwrapSns(value, delivery), limits);
    if (isRelayed(value)) return decode(unwrapRelayed(value, delivery), limits);
    if (isJmsEncoded(delivery) && !isExtendedClientPointer(value)) return decode(unwrapJms(delivery), limits);
    const kombu = value ?? parsedKombu(delivery, limits);
    if (isKombu(kombu)) return decode(unwrapKombu(kombu, delivery), limits);
    return decodeValue(value, delivery).map((decoded) =>
      checked(inLane(inTrace(decoded, delivery), delivery)),
    );
  } catch (error) {
    return [inTrace({ ...bestKnownIdentity(value, delivery), rejection: asRejection(error) }, delivery)];
  }
}

function decodeValue(value: unknown, delivery: QueueMessage): readonly Decoded[] {
  if (isS3TestEvent(value)) return [];
  if (isS3Event(value)) return decodeS3Event(value, delivery);
  if (isSubmission(value)) return [decodeSubmission(value, delivery.body)];
  if (isCloudEvent(value)) return [decodeCloudEvent(value, delivery.body)];
  if (isExtendedClientPointer(value)) return [decodeExtendedClientPointer(value, delivery)];
  if (isTrueFoundryMessage(value)) return [decodeTrueFoundryMessage(value, delivery)];
  if (isS3EventBridgeEvent(value)) return decodeS3EventBridgeEvent(value, delivery);
  if (isSnsConfirmation(value)) return rejectConfirmation();
  return [decodePlain(delivery, value)];
}

/** Adds the trace of the message's sender to a request without a trace of its own. */
function inTrace(decoded: Decoded, { trace }: QueueMessage): Decoded {
  return trace && decoded.traceparent === undefined ? { ...decoded, ...trace } : decoded;
}

/** Gives a request without a priority of its own that of its queue. */
function inLane(decoded: Decoded, { lane }: QueueMessage): Decoded {
  if (lane === undefined || 'rejection' in decoded || decoded.priority !== undefined) return decoded;
  return { ...decoded, priority: lane };
}

/** Whether a body can be an envelope: only objects and arrays are parsed. */
function looksLikeContainer(body: string): boolean {
  return /^\s*[{[]/.test(body);
}

/**
 * Parses the body.
 * @returns undefined if it isn't JSON, or if it is nested too deeply and its content type isn't JSON
 * @throws JsonTooDeep
 */
function parsed({ body, attributes }: QueueMessage, { maxJsonDepth }: DecodeLimits): unknown {
  try {
    return parseJson(body, 'The message', maxJsonDepth);
  } catch (error) {
    const isTooDeep = error instanceof PermanentError && error.code === 'json_too_deep';
    if (isTooDeep && isJsonType(attributes[ATTRIBUTES.contentType] ?? JSON_TYPE) && isJson(body)) throw error;
    return undefined;
  }
}

/** Parses a body that kombu may have encoded. @returns undefined if it hasn't */
function parsedKombu(delivery: QueueMessage, limits: DecodeLimits): unknown {
  const body = kombuText(delivery.body);
  return body === undefined ? undefined : parsed({ ...delivery, body }, limits);
}

/**
 * Validates the values that senders choose, since ids and types are passed on and claim checks are followed. An invalid
 * request is rejected without affecting the other requests of its message.
 */
function checked(decoded: Decoded): Decoded {
  assertSound('request', identityProblem(decoded));
  if ('rejection' in decoded) return decoded;
  const { id, source, tenant, traceparent, tracestate, payload, contentType, callbackUrl } = decoded;
  try {
    if ('key' in payload) assertSound('claim check', claimCheckProblem(payload));
    if (contentType !== undefined) assertSound('content type', contentTypeProblem(contentType));
    if (callbackUrl !== undefined) assertSound('callback URL', callbackUrlLengthProblem(callbackUrl));
    return decoded;
  } catch (error) {
    return { id, source, tenant, traceparent, tracestate, rejection: asRejection(error) };
  }
}

function assertSound(what: string, problem: string | undefined): void {
  if (problem !== undefined) throw new EnvelopeMalformed(what, problem);
}

/** The identity that the sender gave, if it is readable and valid; otherwise the message's id. */
function bestKnownIdentity(value: unknown, delivery: QueueMessage): RequestIdentity {
  const { id, source, tenant } = statedIdentity(value, delivery);
  if (
    typeof id === 'string' &&
    typeof source === 'string' &&
    (tenant === undefined || tenant === null || typeof tenant === 'string')
  ) {
    const identity = { id, source, tenant: tenant ?? undefined };
    if (identityProblem(identity) === undefined) return identity;
  }
  return { id: delivery.id, source: '' };
}

function statedIdentity(value: unknown, { attributes, cloudEvent }: QueueMessage): JsonObject {
  if (cloudEvent) return cloudEvent;
  if (isSubmission(value)) return { ...value, source: '' };
  if (isCloudEvent(value)) return value;
  if (isTrueFoundryMessage(value)) return { id: trueFoundryId(value), source: '' };
  return { id: attributes[ATTRIBUTES.requestId], source: '', tenant: attributes[ATTRIBUTES.tenant] };
}
