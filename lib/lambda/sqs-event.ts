import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { SqsMessage } from '../aws/sqs-messages.ts';
import { quote } from '../core/base/quote.ts';
import type { MessageAttribute } from '../core/model/received-message.ts';
import { traceContextOfHeader } from './xray-header.ts';

/**
 * Reads the messages of an event from an SQS event source.
 * @param traced whether to read the senders' traces from X-Ray's header
 * @throws TypeError if the event has another source
 */
export function messagesOf(event: SQSEvent, traced = false): SqsMessage[] {
  if (!isSqsEvent(event)) {
    throw new TypeError(`Expected an event of an SQS event source, got ${quote(event, 200)}`);
  }
  return event.Records.map((record) => {
    const trace = traced ? traceContextOfHeader(record.attributes.AWSTraceHeader) : undefined;
    return { ...messageOf(record), ...(trace && { trace }) };
  });
}

/** Whether an event is one of an SQS event source. */
export function isSqsEvent(event: unknown): event is SQSEvent {
  if (typeof event !== 'object' || event === null || !('Records' in event)) return false;
  return Array.isArray(event.Records) && event.Records.every((record) => record?.eventSource === 'aws:sqs');
}

function messageOf({ messageId, body, attributes, messageAttributes, receiptHandle }: SQSRecord): SqsMessage {
  return {
    id: messageId,
    body,
    attributes: textAttributes(messageAttributes),
    typedAttributes: typedAttributes(messageAttributes),
    group: attributes.MessageGroupId,
    deliveryCount: Number(attributes.ApproximateReceiveCount),
    sentAt: Number(attributes.SentTimestamp),
    firstDeliveredAt: Number(attributes.ApproximateFirstReceiveTimestamp),
    receipt: receiptHandle,
  };
}

/** Lambda encodes binary values as Base64. */
function typedAttributes(attributes: SQSRecord['messageAttributes'] = {}): Record<string, MessageAttribute> {
  const typed = Object.entries(attributes).filter(([, { dataType }]) => dataType !== 'String');
  return Object.fromEntries(
    typed.map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      { type: dataType, value: stringValue ?? Buffer.from(binaryValue ?? '', 'base64') },
    ]),
  );
}

function textAttributes(attributes: SQSRecord['messageAttributes']): Record<string, string> {
  const entries = Object.entries(attributes ?? {});
  return Object.fromEntries(
    entries.flatMap(([name, { stringValue }]) => (stringValue ? [[name, stringValue]] : [])),
  );
}
