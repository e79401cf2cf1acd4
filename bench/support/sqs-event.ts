import type { SQSEvent, SQSRecord } from 'aws-lambda';

/** Lambda's event with these message bodies, each received for the first time. */
export function sqsEvent(bodies: readonly string[]): SQSEvent {
  return { Records: bodies.map(record) };
}

function record(body: string, index: number): SQSRecord {
  return {
    messageId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    receiptHandle: `receipt-${index}`,
    body,
    attributes: {
      ApproximateReceiveCount: '1',
      ApproximateFirstReceiveTimestamp: String(Date.now()),
      SentTimestamp: String(Date.now()),
      SenderId: 'sender',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:input',
    awsRegion: 'us-east-1',
  };
}
