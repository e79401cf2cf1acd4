import { Stack } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { expect, it } from 'vitest';
import { emptyApp, readable, resource, serviceIn, serviceInApp } from '../service-in-app.ts';

function statementsOf(template: ReturnType<ReturnType<typeof serviceInApp>['template']>) {
  return readable(
    resource(template, 'AWS::IAM::Policy', 'ServiceProcessorRole').properties.PolicyDocument.Statement,
  );
}

it('allows the calls of the processor and no others', () => {
  const template = serviceInApp().template();
  const bucket = `<${resource(template, 'AWS::S3::Bucket').id}.Arn>`;
  const input = `<${resource(template, 'AWS::SQS::Queue', 'ServiceInputQueue').id}.Arn>`;
  const output = `<${resource(template, 'AWS::SQS::Queue', 'ServiceOutputQueue').id}.Arn>`;
  const dead = `<${resource(template, 'AWS::SQS::Queue', 'ServiceInputDeadLetters').id}.Arn>`;
  const pauses = `<${resource(template, 'AWS::SQS::Queue', 'ServicePausesQueue').id}.Arn>`;
  const table = `<${resource(template, 'AWS::DynamoDB::GlobalTable').id}.Arn>`;
  const logs = `<${resource(template, 'AWS::Logs::LogGroup', 'ServiceProcessor').id}.Arn>`;
  expect(statementsOf(template)).toEqual([
    { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: logs },
    {
      Effect: 'Allow',
      Action: [
        'sqs:ChangeMessageVisibility',
        'sqs:DeleteMessage',
        'sqs:GetQueueAttributes',
        'sqs:ReceiveMessage',
      ],
      Resource: input,
    },
    { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: [dead, output, pauses] },
    {
      Effect: 'Allow',
      Action: [
        'dynamodb:PartiQLInsert',
        'dynamodb:PartiQLSelect',
        'dynamodb:PartiQLUpdate',
        'dynamodb:UpdateItem',
      ],
      Resource: table,
    },
    {
      Effect: 'Deny',
      Action: 'dynamodb:PartiQLSelect',
      Resource: table,
      Condition: { Bool: { 'dynamodb:FullTableScan': 'true' } },
    },
    {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:GetObjectVersion'],
      Resource: [`${bucket}/payloads/*`, `${bucket}/requests/*`, `${bucket}/results/*`],
    },
    {
      Effect: 'Allow',
      Action: 's3:ListBucket',
      Resource: bucket,
      Condition: { StringLike: { 's3:prefix': ['requests/*', 'payloads/*', 'results/*'] } },
    },
    {
      Effect: 'Allow',
      Action: 's3:PutObject',
      Resource: [`${bucket}/consumer-copies/*`, `${bucket}/results/*`],
    },
    { Effect: 'Allow', Action: 's3:AbortMultipartUpload', Resource: `${bucket}/results/*` },
  ]);
});

it('has no managed policies', () => {
  const role = resource(serviceInApp().template(), 'AWS::IAM::Role', 'ServiceProcessorRole');
  expect(Object.keys(role.properties)).toEqual(['AssumeRolePolicyDocument']);
});

it('can read payload sources and use their keys', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const key = new Key(stack, 'Key');
  const claimCheckSources = [
    { bucket: Bucket.fromBucketName(stack, 'Partner', 'partner-bucket'), prefix: 'for-us/' },
    {
      bucket: Bucket.fromBucketAttributes(stack, 'Sealed', {
        bucketName: 'sealed-bucket',
        encryptionKey: key,
      }),
    },
  ];
  const { template } = serviceIn(stack, { payloads: { sources: claimCheckSources } });
  const partner = 'arn:<AWS::Partition>:s3:::partner-bucket';
  const sealed = 'arn:<AWS::Partition>:s3:::sealed-bucket';
  expect(statementsOf(template())).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: expect.arrayContaining([`${partner}/for-us/*`, `${sealed}/*`]),
      }),
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: partner,
        Condition: { StringLike: { 's3:prefix': ['for-us/*'] } },
      },
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: sealed,
        Condition: { StringLike: { 's3:prefix': ['*'] } },
      },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: expect.stringContaining('Key'),
        Condition: { StringEquals: { 'kms:ViaService': 's3.<AWS::Region>.amazonaws.com' } },
      },
    ]),
  );
});

it('can use the key of an encrypted output queue', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const outputQueue = new Queue(stack, 'Sealed', { encryption: QueueEncryption.KMS });
  expect(statementsOf(serviceIn(stack, { output: { queue: outputQueue } }).template())).toContainEqual({
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: expect.stringContaining('SealedKey'),
    Condition: { StringEquals: { 'kms:ViaService': 'sqs.<AWS::Region>.amazonaws.com' } },
  });
});

it('can read its secrets and use their keys, also an imported one', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/k';
  const secretCompleteArn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf';
  const secrets = {
    MODEL_KEY: Secret.fromSecretNameV2(stack, 'ModelKey', 'model'),
    DB: Secret.fromSecretAttributes(stack, 'Db', {
      secretCompleteArn,
      encryptionKey: Key.fromKeyArn(stack, 'Key', keyArn),
    }),
  };
  const statements = statementsOf(serviceIn(stack, { secrets }).template());
  const model = 'arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:model-??????';
  expect(statements).toContainEqual({
    Effect: 'Allow',
    Action: 'secretsmanager:GetSecretValue',
    Resource: expect.arrayContaining([model, secretCompleteArn]),
  });
  expect(statements).toContainEqual({
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: keyArn,
    Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } },
  });
});
