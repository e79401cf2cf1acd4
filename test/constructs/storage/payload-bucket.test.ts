import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { describe, expect, it } from 'vitest';
import { readable, resource, resources, serviceInApp } from '../service-in-app.ts';

describe('the payload bucket', () => {
  const template = serviceInApp().template();
  const bucket = resource(template, 'AWS::S3::Bucket');
  const queue = resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue');
  const queuePolicy = resource(template, 'AWS::SQS::QueuePolicy', 'ServiceInputQueue');

  it('is versioned, encrypted and private, without ACLs', () => {
    expect(bucket.properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    });
  });

  it('denies plain HTTP and grants no access', () => {
    const { properties } = resource(template, 'AWS::S3::BucketPolicy');
    expect(readable(properties.PolicyDocument)).toMatchObject({
      Statement: [
        {
          Effect: 'Deny',
          Action: 's3:*',
          Resource: [`<${bucket.id}.Arn>`, `<${bucket.id}.Arn>/*`],
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
  });

  it('notifies the input queue of uploads, with its own property', () => {
    expect(readable(bucket.properties.NotificationConfiguration)).toEqual({
      QueueConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Queue: `<${queue.id}.Arn>`,
          Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'requests/' }] } },
        },
      ],
    });
    const helpers = resources(template).filter(({ type }) => /^Custom::|^AWS::Lambda::Function$/.test(type));
    expect(helpers.map(({ id }) => id)).toEqual([
      resource(template, 'AWS::Lambda::Function', 'ServiceProcessor').id,
      resource(template, 'AWS::Lambda::Function', 'ServiceCircuitBreaker').id,
    ]);
  });

  it('depends on the queue policy, which allows S3 for this account only', () => {
    expect(bucket.dependsOn).toContain(queuePolicy.id);
    const { Statement: statements } = queuePolicy.properties.PolicyDocument;
    expect(readable(statements.filter(({ Effect }: { Effect: string }) => Effect === 'Allow'))).toEqual([
      {
        Sid: 'AllowS3Notifications',
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: `<${queue.id}.Arn>`,
        Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
      },
    ]);
  });

  it('outlives its stack, unless its creation is rolled back', () => {
    expect(bucket.deletionPolicy).toBe('RetainExceptOnCreate');
    const destroyed = resource(
      serviceInApp({ removalPolicy: RemovalPolicy.DESTROY }).template(),
      'AWS::S3::Bucket',
    );
    expect(destroyed.deletionPolicy).toBe('Delete');
  });
});

describe('the lifecycle', () => {
  const rulesOf = (props: Parameters<typeof serviceInApp>[0]) =>
    resource(serviceInApp(props).template(), 'AWS::S3::Bucket').properties.LifecycleConfiguration.Rules.map(
      (rule: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(rule).filter(([key]) => !['Id', 'Status'].includes(key))),
    );

  it('outlasts every message that can refer to an object, by default', () => {
    expect(rulesOf({})).toEqual([
      { Prefix: 'requests/', ExpirationInDays: 15, NoncurrentVersionExpiration: { NoncurrentDays: 5 } },
      { Prefix: 'payloads/', ExpirationInDays: 15, NoncurrentVersionExpiration: { NoncurrentDays: 5 } },
      { Prefix: 'results/', ExpirationInDays: 15, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      {
        Prefix: 'consumer-copies/',
        ExpirationInDays: 15,
        NoncurrentVersionExpiration: { NoncurrentDays: 1 },
      },
      { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
    ]);
  });

  it('applies the props', () => {
    const payloads = {
      prefixes: { uploads: 'in/', payloads: 'by-reference/', results: 'out/', consumerCopies: 'out-copies/' },
      lifecycle: {
        uploads: Duration.days(30),
        replacedUploads: Duration.days(6),
        results: Duration.days(40),
        consumerCopies: Duration.days(7),
        incompleteUploads: Duration.days(2),
      },
    };
    expect(rulesOf({ payloads })).toEqual([
      { Prefix: 'in/', ExpirationInDays: 30, NoncurrentVersionExpiration: { NoncurrentDays: 6 } },
      { Prefix: 'by-reference/', ExpirationInDays: 30, NoncurrentVersionExpiration: { NoncurrentDays: 6 } },
      { Prefix: 'out/', ExpirationInDays: 40, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      { Prefix: 'out-copies/', ExpirationInDays: 7, NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
      { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } },
    ]);
  });
});

describe('CORS', () => {
  const corsOf = (props: Parameters<typeof serviceInApp>[0]) =>
    resource(serviceInApp(props).template(), 'AWS::S3::Bucket').properties.CorsConfiguration;

  it('is off by default', () => {
    expect(corsOf({})).toBeUndefined();
    expect(corsOf({ api: {} })).toBeUndefined();
  });

  it('allows uploads from the origins of the API, and downloads from any: after a redirect the origin is null', () => {
    expect(corsOf({ api: { corsOrigins: ['https://app.example.com'] } }).CorsRules).toEqual([
      {
        Id: 'Uploads',
        AllowedMethods: ['POST', 'PUT'],
        AllowedOrigins: ['https://app.example.com'],
        AllowedHeaders: ['*'],
        ExposedHeaders: ['ETag'],
        MaxAge: 3_600,
      },
      {
        Id: 'Downloads',
        AllowedMethods: ['GET'],
        AllowedOrigins: ['*'],
        AllowedHeaders: ['*'],
        MaxAge: 3_600,
      },
    ]);
  });
});

it('rejects a notification that would replace its own', () => {
  const { service, template } = serviceInApp();
  service.payloadBucket.addEventNotification(
    EventType.OBJECT_REMOVED,
    new SqsDestination(service.deadLetterQueue),
  );
  expect(template).toThrow(/addEventNotification on the payload bucket would replace the notification/);
});
