/** The description of an object in an event. */
export interface RecordedObject {
  readonly key?: unknown;
  readonly size?: unknown;
  readonly versionId?: unknown;
  readonly sequencer?: unknown;
  readonly eTag?: unknown;
}

/** A record of an S3 notification; by default, of an upload of 1,024 bytes. */
export function s3Record(
  object: RecordedObject,
  { eventName = 'ObjectCreated:Put', bucket = 'payloads' }: { eventName?: unknown; bucket?: string } = {},
) {
  return {
    eventVersion: '2.4',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    eventTime: '2026-01-31T12:00:00.000Z',
    eventName,
    userIdentity: { principalId: 'AWS:EXAMPLE' },
    requestParameters: { sourceIPAddress: '203.0.113.7' },
    responseElements: { 'x-amz-request-id': 'C3D13FE58DE4C810' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: 'uploads',
      bucket: { name: bucket, ownerIdentity: { principalId: 'EXAMPLE' }, arn: `arn:aws:s3:::${bucket}` },
      object: {
        size: 1024,
        eTag: 'd41d8cd98f00b204e9800998ecf8427e',
        sequencer: '0055AED6DCD90281E5',
        ...object,
      },
    },
  };
}

/** A notification with these records, as the message's body. */
export function s3Event(...records: readonly unknown[]): string {
  return JSON.stringify({ Records: records });
}
