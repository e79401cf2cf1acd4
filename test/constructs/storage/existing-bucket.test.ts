import { type App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, CfnBucket, EventType, HttpMethods, type IBucket } from 'aws-cdk-lib/aws-s3';
import { SqsDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { AsyncService, type PayloadPrefixes } from '../../../lib/constructs/index.ts';
import { nagFindingsIn, nagIt } from '../nag-findings.ts';
import { ENTRY, emptyApp, readable, resource, resources, serviceIn } from '../service-in-app.ts';

const NOTIFICATIONS = 'Custom::S3BucketNotifications';

function emptyStack(): Stack {
  return new Stack(emptyApp(), 'Stack');
}

/** Prefixes under a folder. */
function under(folder: string): PayloadPrefixes {
  return {
    uploads: `${folder}/requests/`,
    payloads: `${folder}/payloads/`,
    results: `${folder}/results/`,
    consumerCopies: `${folder}/copies/`,
  };
}

function serviceWith(bucket: IBucket, scope: Stack, id: string, prefixes?: PayloadPrefixes): AsyncService {
  return new AsyncService(scope, id, { entry: ENTRY, payloads: { bucket, ...(prefixes && { prefixes }) } });
}

/** What the warning about the bucket lists; undefined without a warning. */
function missingIn(stack: Stack): Record<string, unknown> | undefined {
  const [warning] = Annotations.fromStack(stack).findWarning(
    '/Stack/Service',
    Match.stringLikeRegexp('payloads.bucket is an existing bucket'),
  );
  if (!warning) return undefined;
  const text = String(warning.entry.data);
  expect(text).toContain('[ack: coatcheck:payloadBucket]');
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
}

describe('a bucket of the stack', () => {
  const stack = emptyStack();
  const bucket = new Bucket(stack, 'Own', { versioned: true, eventBridgeEnabled: true });
  const { service, template } = serviceIn(stack, { payloads: { bucket } });

  it('is the only bucket', () => {
    expect(service.payloadBucket).toBe(bucket);
    const { id } = resource(template(), 'AWS::S3::Bucket');
    const { Environment } = resource(template(), 'AWS::Lambda::Function', 'ServiceProcessor').properties;
    expect(readable(Environment.Variables)).toMatchObject({ COATCHECK_PAYLOAD_BUCKET: `<${id}>` });
  });

  it('notifies the input queue of uploads, beside its other notifications', () => {
    const queue = resource(template(), 'AWS::SQS::Queue', 'ServiceInputQueue');
    const { properties, dependsOn } = resource(template(), NOTIFICATIONS);
    expect(readable(properties)).toMatchObject({
      BucketName: `<${resource(template(), 'AWS::S3::Bucket').id}>`,
      NotificationConfiguration: {
        EventBridgeConfiguration: {},
        QueueConfigurations: [
          {
            Events: ['s3:ObjectCreated:*'],
            QueueArn: `<${queue.id}.Arn>`,
            Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'requests/' }] } },
          },
        ],
      },
      Managed: true,
    });
    expect(dependsOn).toContain(resource(template(), 'AWS::SQS::QueuePolicy', 'ServiceInputQueue').id);
  });

  it('may send to the input queue, as any bucket of this account and of no other', () => {
    const { PolicyDocument } = resource(template(), 'AWS::SQS::QueuePolicy', 'ServiceInputQueue').properties;
    const allowed = PolicyDocument.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Allow');
    expect(readable(allowed)).toEqual([
      expect.objectContaining({
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
      }),
    ]);
  });
});

describe('an imported bucket', () => {
  const stack = emptyStack();
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const encryptionKey = Key.fromKeyArn(stack, 'Key', keyArn);
  const bucket = Bucket.fromBucketAttributes(stack, 'Own', { bucketName: 'own-bucket', encryptionKey });
  const { service, template } = serviceIn(stack, { payloads: { bucket }, api: {} });
  const client = new Role(stack, 'Client', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  service.grantSubmit(client);
  service.grantConsume(client);

  it('gets the notification beside those that it has', () => {
    expect(resource(template(), NOTIFICATIONS).properties).toMatchObject({
      BucketName: 'own-bucket',
      Managed: false,
    });
    expect(resources(template()).filter(({ type }) => type === 'AWS::S3::Bucket')).toEqual([]);
  });

  it.each(['ServiceProcessorRole', 'ServiceApiFunctionRole', 'Client'])(
    'is granted with its key to %s',
    (role) => {
      const { Statement } = resource(template(), 'AWS::IAM::Policy', role).properties.PolicyDocument;
      const granted = JSON.stringify(readable(Statement));
      expect(granted).toContain('arn:<AWS::Partition>:s3:::own-bucket/');
      expect(readable(Statement)).toContainEqual({
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: keyArn,
        Condition: { StringEquals: { 'kms:ViaService': 's3.us-east-1.amazonaws.com' } },
      });
    },
  );
});

nagIt('has no findings of cdk-nag but that about the function with which the CDK adds notifications', () => {
  const stack = emptyStack();
  serviceIn(stack, { payloads: { bucket: Bucket.fromBucketName(stack, 'Own', 'own-bucket') }, api: {} });
  expect(nagFindingsIn(stack)).toEqual([
    'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
  ]);
});

describe('a warning lists what the owner must add', () => {
  const lifecycle = (prefix: string, noncurrentDays: number) => ({
    Prefix: prefix,
    Status: 'Enabled',
    ExpirationInDays: 15,
    NoncurrentVersionExpiration: { NoncurrentDays: noncurrentDays },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  });
  const RULES = [
    lifecycle('requests/', 5),
    lifecycle('payloads/', 5),
    lifecycle('results/', 1),
    lifecycle('consumer-copies/', 1),
  ];

  it('everything, to an imported bucket', () => {
    const stack = emptyStack();
    const bucket = Bucket.fromBucketName(stack, 'Own', 'own-bucket');
    serviceIn(stack, {
      payloads: { bucket },
      api: { corsOrigins: ['https://app.example.com'] },
    });
    expect(readable(missingIn(stack))).toEqual({
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: { Rules: RULES },
      CorsConfiguration: {
        CorsRules: [
          {
            AllowedHeaders: ['*'],
            AllowedMethods: ['POST', 'PUT'],
            AllowedOrigins: ['https://app.example.com'],
            ExposedHeaders: ['ETag'],
            MaxAge: 3_600,
          },
          { AllowedHeaders: ['*'], AllowedMethods: ['GET'], AllowedOrigins: ['*'], MaxAge: 3_600 },
        ],
      },
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: 's3:*',
            Resource: ['arn:<AWS::Partition>:s3:::own-bucket', 'arn:<AWS::Partition>:s3:::own-bucket/*'],
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ],
      },
    });
  });

  it('what it lacks, to a bucket of the app', () => {
    const stack = emptyStack();
    const bucket = new Bucket(stack, 'Own', {
      versioned: true,
      enforceSSL: true,
      lifecycleRules: ['requests/', 'payloads/'].map((prefix) => ({
        prefix,
        expiration: Duration.days(15),
        noncurrentVersionExpiration: Duration.days(5),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      })),
      cors: [
        { allowedMethods: [HttpMethods.GET], allowedOrigins: ['*'], allowedHeaders: ['*'], maxAge: 3_600 },
      ],
    });
    serviceIn(stack, { payloads: { bucket }, api: { corsOrigins: ['https://app.example.com'] } });
    expect(missingIn(stack)).toEqual({
      LifecycleConfiguration: { Rules: RULES.slice(2) },
      CorsConfiguration: { CorsRules: [expect.objectContaining({ AllowedMethods: ['POST', 'PUT'] })] },
    });
  });

  it('nothing to a bucket that has everything', () => {
    const stack = emptyStack();
    const rule = (prefix: string, days: number) => ({
      prefix,
      expiration: Duration.days(15),
      noncurrentVersionExpiration: Duration.days(days),
      abortIncompleteMultipartUploadAfter: Duration.days(1),
    });
    const bucket = new Bucket(stack, 'Own', {
      versioned: true,
      enforceSSL: true,
      lifecycleRules: [
        rule('requests/', 5),
        rule('payloads/', 5),
        rule('results/', 1),
        rule('consumer-copies/', 1),
      ],
    });
    serviceIn(stack, { payloads: { bucket } });
    expect(missingIn(stack)).toBeUndefined();
  });
});

describe('several services share a bucket', () => {
  it('of one stack: each gets the uploads under its own prefix', () => {
    const stack = emptyStack();
    const bucket = new Bucket(stack, 'Own', { versioned: true });
    for (const id of ['First', 'Second']) serviceWith(bucket, stack, id, under(id));
    const { QueueConfigurations: queues } = resource(Template.fromStack(stack), NOTIFICATIONS).properties
      .NotificationConfiguration;
    expect(queues.map(({ Filter }: { Filter: unknown }) => Filter)).toEqual(
      ['First', 'Second'].map((id) => ({
        Key: { FilterRules: [{ Name: 'prefix', Value: `${id}/requests/` }] },
      })),
    );
  });

  it('of another stack: each stack imports it and adds its notification', () => {
    const app = emptyApp();
    const bucket = new Bucket(new Stack(app, 'Buckets'), 'Own', { versioned: true });
    const stacks = ['First', 'Second'].map((id) => {
      const stack = new Stack(app, id);
      serviceWith(Bucket.fromBucketName(stack, 'Own', bucket.bucketName), stack, 'Service', under(id));
      return stack;
    });
    for (const stack of stacks) {
      const template = Template.fromStack(stack);
      expect(resource(template, NOTIFICATIONS).properties.Managed).toBe(false);
    }
  });

  const overlaps = (create: (app: App) => void) => {
    const app = emptyApp();
    create(app);
    return () => app.synth();
  };
  const OVERLAP =
    'payloads.prefixes.uploads of Second/Service must not overlap with payloads.prefixes.uploads of First/Service, which has ' +
    'the same payloads.bucket, got requests/ and requests/: start the prefixes of each service with a folder of its own';

  it('by its name: their prefixes must not overlap', () => {
    expect(
      overlaps((app) => {
        for (const id of ['First', 'Second']) {
          const stack = new Stack(app, id);
          serviceWith(Bucket.fromBucketName(stack, 'Own', 'own-bucket'), stack, 'Service');
        }
      }),
    ).toThrow(OVERLAP);
  });

  it('by a reference: their prefixes must not overlap', () => {
    expect(
      overlaps((app) => {
        const bucket = new Bucket(new Stack(app, 'Buckets'), 'Own', { versioned: true });
        for (const id of ['First', 'Second']) {
          const stack = new Stack(app, id);
          serviceWith(Bucket.fromBucketName(stack, 'Own', bucket.bucketName), stack, 'Service');
        }
      }),
    ).toThrow(OVERLAP);
  });

  it('a prefix must not be under one of another service', () => {
    expect(
      overlaps((app) => {
        const stack = new Stack(app, 'Stack');
        const bucket = new Bucket(stack, 'Own', { versioned: true });
        serviceWith(bucket, stack, 'First');
        serviceWith(bucket, stack, 'Second', { ...under('second'), results: 'requests/results/' });
      }),
    ).toThrow(
      'payloads.prefixes.results of Stack/Second must not overlap with payloads.prefixes.uploads of Stack/First, which has the ' +
        'same payloads.bucket, got requests/results/ and requests/',
    );
  });

  it('different buckets may have the same prefixes', () => {
    expect(
      overlaps((app) => {
        const stack = new Stack(app, 'Stack');
        serviceWith(Bucket.fromBucketName(stack, 'A', 'bucket-a'), stack, 'First');
        serviceWith(Bucket.fromBucketName(stack, 'B', 'bucket-b'), stack, 'Second');
      }),
    ).not.toThrow();
  });

  it('in one stack, they must use one construct: each would have its own resource for the notifications', () => {
    expect(
      overlaps((app) => {
        const stack = new Stack(app, 'Stack');
        for (const id of ['First', 'Second'])
          serviceWith(Bucket.fromBucketName(stack, `${id}Own`, 'own-bucket'), stack, id, under(id));
      }),
    ).toThrow(
      'payloads.bucket of Stack/Second and of Stack/First must be the same construct, because both are the same bucket in one ' +
        'stack, got Stack/SecondOwn and Stack/FirstOwn',
    );
  });

  it('the stack that creates the bucket must not replace their notifications', () => {
    expect(
      overlaps((app) => {
        const buckets = new Stack(app, 'Buckets');
        const bucket = new Bucket(buckets, 'Own', { versioned: true });
        bucket.addEventNotification(EventType.OBJECT_REMOVED, new SqsDestination(new Queue(buckets, 'Q')));
        const stack = new Stack(app, 'Stack');
        serviceWith(Bucket.fromBucketName(stack, 'Own', bucket.bucketName), stack, 'Service');
      }),
    ).toThrow(
      'which would replace that of the service, got those of Buckets/Own: add them to Stack/Own instead',
    );
  });
});

describe('rejects', () => {
  it.each([
    ['a bucket without versioning', {}, 'got Stack/Own with no versioning'],
    [
      'a bucket whose versioning is suspended',
      { versioningConfiguration: { status: 'Suspended' } },
      'got Stack/Own with Suspended versioning',
    ],
    [
      'a bucket with a notificationConfiguration',
      {
        versioningConfiguration: { status: 'Enabled' },
        notificationConfiguration: { eventBridgeConfiguration: { eventBridgeEnabled: true } },
      },
      'payloads.bucket must have no notificationConfiguration, which would be replaced, got that of Stack/Own',
    ],
  ])('%s', (_, props, problem) => {
    const stack = emptyStack();
    const bucket = Bucket.fromCfnBucket(new CfnBucket(stack, 'Own', props));
    expect(() => serviceIn(stack, { payloads: { bucket } })).toThrow(problem);
  });

  it('the bucket of another service', () => {
    const stack = emptyStack();
    const { payloadBucket } = new AsyncService(stack, 'First', { entry: ENTRY });
    expect(() => serviceWith(payloadBucket, stack, 'Second', under('second'))).toThrow(
      'To share the bucket of a service, create a Bucket and pass it to both services',
    );
  });

  it('a construct of another stack', () => {
    const app = emptyApp();
    const bucket = new Bucket(new Stack(app, 'Buckets'), 'Own', { versioned: true });
    expect(() => serviceWith(bucket, new Stack(app, 'Stack'), 'Service')).toThrow(
      "payloads.bucket must be a bucket of the service's stack or one that was imported into it, got Buckets/Own of the stack Buckets",
    );
  });

  it.each([
    ['account', '444455556666', { account: '444455556666' }],
    ['region', 'us-east-1', { region: 'us-east-1' }],
  ])('a bucket of another %s', (part, actual, attributes) => {
    const env = { account: '111122223333', region: 'eu-central-1' };
    const stack = new Stack(emptyApp(), 'Stack', { env });
    const bucket = Bucket.fromBucketAttributes(stack, 'Own', { bucketName: 'own-bucket', ...attributes });
    expect(() => serviceIn(stack, { payloads: { bucket } })).toThrow(
      `payloads.bucket must be in the ${part} of the service, ${env[part as keyof typeof env]}, got one in ${actual}`,
    );
  });
});
