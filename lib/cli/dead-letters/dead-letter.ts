import type { Delivery } from '../../core/delivery.ts';
import { ATTRIBUTES } from '../../core/envelopes/attributes.ts';
import { type DecodedRequest, decode, type RejectedRequest } from '../../core/envelopes/decode.ts';
import { deadLetterOf, MAX_REDRIVES, type RequestRecord } from '../../core/request-record.ts';
import type { RequestRecords } from '../../core/request-records.ts';
import { NUMBER_SETTINGS } from '../../core/settings.ts';
import type { DeadMessage } from '../dead-letter-queue.ts';

/** A message of the dead-letter queue with what is known of its requests. */
export interface DeadLetter {
  readonly message: DeadMessage;
  /** One, unless S3 told of several uploads in one message, or of none. */
  readonly requests: readonly LetterRequest[];
}

/** A request of a dead letter. */
export interface LetterRequest {
  readonly described: DecodedRequest | RejectedRequest;
  /** Where it stands; absent when nothing is known of it, or not any more. */
  readonly record?: RequestRecord;
}

/** What becomes of a letter that is redriven. */
export type Fate =
  /** It is put back into the input queue. */
  | 'put_back'
  /** It is deleted: its request was put back before, by another message, and has succeeded. */
  | 'settled'
  /** It is left: the engine wouldn't run it again. */
  | 'limit_reached';

/** As deep as any service may parse: one that parses less has rejected it, and kept no record. */
const LIMITS = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.max };

/** Looks up what is known of a message's requests. */
export async function openLetter(
  message: DeadMessage,
  records: Pick<RequestRecords, 'find'>,
): Promise<DeadLetter> {
  const requests = decode(deliveryOf(message), LIMITS).map(async (described) => {
    // Whatever id a rejected one claims: it has no record.
    const record = 'rejection' in described ? undefined : await records.find(described);
    return { described, record };
  });
  return { message, requests: await Promise.all(requests) };
}

/** What is to become of a letter: one of several requests is put back for the sake of any. */
export function fateOf({ message, requests }: DeadLetter): Fate {
  const fates = requests.map(({ record }) => fateByRecord(record, message.sentAt));
  if (fates.length === 0 || fates.includes('put_back')) return 'put_back';
  return fates.includes('limit_reached') ? 'limit_reached' : 'settled';
}

/**
 * A request that has succeeded isn't run again either way. But only if another message was put back for it, this one is
 * superfluous: else it may be here because its outcome couldn't be published, which the engine does when it comes back.
 */
function fateByRecord(record: RequestRecord | undefined, sentAt: number): Fate {
  if (!record) return 'put_back';
  const { status, redrives = 0, putBackAt = 0 } = record;
  if (status === 'succeeded' && putBackAt > sentAt) return 'settled';
  return deadLetterOf(record) === 'known' && redrives >= MAX_REDRIVES ? 'limit_reached' : 'put_back';
}

/**
 * The attributes a letter is put back with. Its message gets another id: a request that had none but the message's
 * keeps it by an attribute.
 */
export function attributesToPutBack({ message, requests }: DeadLetter): DeadMessage['attributes'] {
  const isKnownByMessage = requests.some(({ described }) => described.id === message.id);
  if (!isKnownByMessage || ATTRIBUTES.requestId in message.attributes) return message.attributes;
  return {
    ...message.attributes,
    [ATTRIBUTES.requestId]: { DataType: 'String', StringValue: message.id },
  };
}

/** The message as the processor's event source delivered it. */
function deliveryOf({ id, body, attributes, sentAt, receiveCount, receipt }: DeadMessage): Delivery {
  const texts = Object.entries(attributes).flatMap(([name, { StringValue }]) =>
    StringValue ? [[name, StringValue]] : [],
  );
  return {
    id,
    body,
    attributes: Object.fromEntries(texts),
    attempt: receiveCount,
    sentAt,
    firstDeliveredAt: sentAt,
    receipt,
  };
}
