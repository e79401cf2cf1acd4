import type { SQSEvent, SQSMessageAttributes } from 'aws-lambda';

/** A message in an event. */
export interface SourcedMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes?: Readonly<Record<string, string>>;
  /** X-Ray's header, if the sender was traced. */
  readonly traceHeader?: string;
  readonly attempt?: number;
  /** Milliseconds since 1970. */
  readonly sentAt?: number;
}

/** An event of an SQS event source, with every field Lambda gives. */
export function sqsEvent(...messages: readonly SourcedMessage[]): SQSEvent {
  return {
    Records: messages.map(
      ({ id, body, attributes = {}, traceHeader, attempt = 1, sentAt = 1_769_860_800_000 }) => ({
        messageId: id,
        receiptHandle: `receipt of ${id}`,
        body,
        attributes: {
          ApproximateReceiveCount: String(attempt),
          SentTimestamp: String(sentAt),
          SenderId: 'AIDAIENQZJOLO23YVJ4VO',
          ApproximateFirstReceiveTimestamp: '1769860800123',
          ...(traceHeader !== undefined && { AWSTraceHeader: traceHeader }),
        },
        messageAttributes: messageAttributes(attributes),
        md5OfBody: 'e4e68fb7bd0e697a0ae8f1bb342846b3',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:input',
        awsRegion: 'us-east-1',
      }),
    ),
  };
}

function messageAttributes(attributes: Readonly<Record<string, string>>): SQSMessageAttributes {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, stringValue]) => [
      name,
      { dataType: 'String', stringValue, stringListValues: [], binaryListValues: [] },
    ]),
  );
}
