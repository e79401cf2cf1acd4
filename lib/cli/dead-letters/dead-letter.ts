import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import type { DeadMessage } from '../../aws/sqs-dead-letter-queue.ts';
import { SQS_MAX_MESSAGE_ATTRIBUTES } from '../../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { DecodedRequest, RejectedRequest } from '../../core/model/decoded-request.ts';
import type { Delivery } from '../../core/model/received-message.ts';
import { deadLetterOf, MAX_REDRIVES, type RequestRecord } from '../../core/model/request-record.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import { decode } from '../../core/wire/decode.ts';

/** A message of the dead-letter queue with what is known of its requests. */
export interface DeadLetter {
  readonly message: DeadMessage;
  /** One, unless S3 told of several uploads in one message, or of none. */
  readonly requests: readonly LetterRequest[];
  /** Which redrive it waits for, from 0; absent where it doesn't say: SQS moved it, or it had no room. */
  readonly redrive?: number;
}

/** A request of a dead letter. */
export interface LetterRequest {
  readonly described: DecodedRequest | RejectedRequest;
  /** Where it stands; absent when nothing is known of it, or not any more. */
  readonly record?: RequestRecord;
  /** Those of its letter, which say why it is there. */
  readonly attributes: DeadMessage['attributes'];
}

/** What becomes of a letter that is redriven. */
export type Fate =
  /** It is put back into the input queue. */
  | 'put_back'
  /** It is deleted: its request was put back by another letter. */
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
    return { described, record, attributes: message.attributes };
  });
  const redrive = message.attributes[ATTRIBUTES.deadLetterRedrives]?.StringValue;
  return {
    message,
    requests: await Promise.all(requests),
    ...(redrive !== undefined && { redrive: Number(redrive) }),
  };
}

/** What is to become of a letter: one of several requests is put back for the sake of any. */
export function fateOf(letter: DeadLetter): Fate {
  const fates = letter.requests.map(({ record }) => fateByRecord(record, letter));
  if (fates.length === 0 || fates.includes('put_back')) return 'put_back';
  return fates.includes('limit_reached') ? 'limit_reached' : 'settled';
}

/**
 * A request that has succeeded isn't run again either way. But only if another message was put back for it, this one is
 * superfluous: else it may be here because its outcome couldn't be published, which the engine does when it comes back.
 */
function fateByRecord(
  record: RequestRecord | undefined,
  { redrive = Number.POSITIVE_INFINITY, message: { sentAt } }: DeadLetter,
): Fate {
  if (!record) return 'put_back';
  const { status, redrives = 0, putBackAt = 0 } = record;
  if (redrive < redrives) return 'settled';
  if (status === 'succeeded' && putBackAt > sentAt) return 'settled';
  return deadLetterOf(record) === 'known' && redrives >= MAX_REDRIVES ? 'limit_reached' : 'put_back';
}

/**
 * The attributes a letter is put back with: those it has and, where SQS moved it and there is room, those that the
 * engine gives its letters. Its message gets another id, so that a request that had none but the message's keeps it by an
 * attribute; and a request that has ended is redriven only by a message that says so.
 */
export function attributesToPutBack({ message, requests, redrive }: DeadLetter): DeadMessage['attributes'] {
  const { id, attributes } = message;
  const isKnownByMessage = requests.some(({ described }) => described.id === id);
  const [{ record } = {}] = requests;
  const more: [name: string, value: MessageAttributeValue][] = [];
  if (isKnownByMessage && !(ATTRIBUTES.requestId in attributes)) {
    more.push([ATTRIBUTES.requestId, { DataType: 'String', StringValue: id }]);
  }
  if (redrive === undefined && record?.givenUp) {
    const value = { DataType: 'Number', StringValue: String(record.redrives ?? 0) };
    more.push([ATTRIBUTES.deadLetterRedrives, value]);
  }
  const room = SQS_MAX_MESSAGE_ATTRIBUTES - Object.keys(attributes).length;
  return { ...attributes, ...Object.fromEntries(more.slice(0, room)) };
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
