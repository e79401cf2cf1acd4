import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { SQS_MAX_MESSAGE_ATTRIBUTES } from '../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import type { DecodedRequest, RejectedRequest } from '../core/model/decoded-request.ts';
import type { QueueMessage } from '../core/model/received-message.ts';
import { decideRedrive, type RedriveDecision } from '../core/model/redrive.ts';
import type { RequestIdentity } from '../core/model/request-id.ts';
import type { RequestRecord } from '../core/model/request-record.ts';
import { ATTRIBUTES } from '../core/wire/attributes.ts';
import { decode } from '../core/wire/decode.ts';
import type { SqsReceivedMessage } from './sqs-source.ts';

/** A message of the dead-letter queue and what is known about its requests. */
export interface DeadLetter {
  readonly message: SqsReceivedMessage;
  /** One; S3 events can have several, or none. */
  readonly requests: readonly DeadLetterRequest[];
  /** Which redrive it waits for, from 0; absent if SQS moved the message, or the message had no room for it. */
  readonly redrive?: number;
}

/** A request of a dead letter. */
export interface DeadLetterRequest {
  readonly described: DecodedRequest | RejectedRequest;
  /** Absent if there is no record, or none any more. */
  readonly record?: RequestRecord;
  /** The message's attributes, which say why it was dead-lettered. */
  readonly attributes: SqsReceivedMessage['attributes'];
}

/** Finds the records of requests. */
export interface FoundRecords {
  find(request: RequestIdentity): Promise<RequestRecord | undefined>;
}

/** The deepest JSON that any service parses. A service with a lower limit rejected the message and kept no record. */
const LIMITS = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.max };

/** Decodes a message and looks up the records of its requests. */
export async function openDeadLetter(
  message: SqsReceivedMessage,
  records: FoundRecords,
): Promise<DeadLetter> {
  const requests = decode(deliveryOf(message), LIMITS).map(async (described) => {
    // A rejected request has no record, whatever id its message claims.
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

/** Decides what a redrive does with a dead letter. */
export function decideLetter({ requests, redrive, message: { sentAt } }: DeadLetter): RedriveDecision {
  return decideRedrive(
    requests.map(({ record }) => record),
    { redrive, sentAt },
  );
}

/**
 * The attributes to put a dead letter back with: its own and, if SQS moved it and there is room, those that the engine
 * adds to its dead letters. The message gets a new id, so a request that used the message's id needs it as an attribute.
 * A request that has ended runs again only for a message that names the redrive.
 */
export function attributesToPutBack({
  message,
  requests,
  redrive,
}: DeadLetter): SqsReceivedMessage['attributes'] {
  const { id, attributes } = message;
  const usesMessageId = requests.some(({ described }) => described.id === id);
  const [{ record } = {}] = requests;
  const more: [name: string, value: MessageAttributeValue][] = [];
  if (usesMessageId && !(ATTRIBUTES.requestId in attributes)) {
    more.push([ATTRIBUTES.requestId, { DataType: 'String', StringValue: id }]);
  }
  if (redrive === undefined && record?.attemptsExhausted) {
    const value = { DataType: 'Number', StringValue: String(record.redrives ?? 0) };
    more.push([ATTRIBUTES.deadLetterRedrives, value]);
  }
  const room = SQS_MAX_MESSAGE_ATTRIBUTES - Object.keys(attributes).length;
  return { ...attributes, ...Object.fromEntries(more.slice(0, room)) };
}

/** The message as the processor received it. */
function deliveryOf({ id, body, attributes, sentAt, receiveCount }: SqsReceivedMessage): QueueMessage {
  const texts = Object.entries(attributes).flatMap(([name, { StringValue }]) =>
    StringValue ? [[name, StringValue]] : [],
  );
  return {
    id,
    body,
    attributes: Object.fromEntries(texts),
    deliveryCount: receiveCount,
    sentAt,
    firstDeliveredAt: sentAt,
  };
}
