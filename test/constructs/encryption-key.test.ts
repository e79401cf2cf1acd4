import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AccountPrincipal, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Alias, Key } from 'aws-cdk-lib/aws-kms';
import { describe, expect, it } from 'vitest';
import { emptyApp, type Resource, readable, resource, resources, serviceIn } from './service-in-app.ts';

/** A service with every part, whose key is in the same stack, and a client of it. */
function encrypted() {
  const stack = new Stack(emptyApp(), 'Stack');
  const encryptionKey = new Key(stack, 'Key');
  const { service } = serviceIn(stack, { encryptionKey, api: {}, webhooks: {} });
  const client = new Role(stack, 'Client', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  service.grantSubmit(client);
  service.grantConsume(client);
  const template = Template.fromStack(stack);
  return { template, all: resources(template), arn: `<${resource(template, 'AWS::KMS::Key').id}.Arn>` };
}

const { template, all, arn } = encrypted();
const ofType = (type: string) => all.filter((each) => each.type === type);
const valuesOf = (type: string, value: (properties: Resource['properties']) => unknown) =>
  ofType(type).map(({ properties }) => readable(value(properties)));

describe('encrypts', () => {
  it.each([
    ['every queue and dead-letter queue', 'AWS::SQS::Queue', 8],
    ['every log group', 'AWS::Logs::LogGroup', 5],
    ['the secret of webhooks', 'AWS::SecretsManager::Secret', 1],
  ])('%s', (_, type, count) => {
    const keys = valuesOf(type, ({ KmsMasterKeyId, KmsKeyId }) => KmsMasterKeyId ?? KmsKeyId);
    expect(keys).toEqual(new Array(count).fill(arn));
  });

  it('the bucket, with a bucket key', () => {
    const [bucket] = valuesOf('AWS::S3::Bucket', ({ BucketEncryption }) => BucketEncryption);
    expect(bucket).toEqual({
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arn },
        },
      ],
    });
  });

  it('the table, in a stack for any region', () => {
    const [table] = valuesOf('AWS::DynamoDB::GlobalTable', ({ SSESpecification, Replicas }) => [
      SSESpecification,
      Replicas[0].SSESpecification,
    ]);
    expect(table).toEqual([{ SSEEnabled: true, SSEType: 'KMS' }, { KMSMasterKeyId: arn }]);
  });
});

describe('allows the use of the key', () => {
  /** The statements about KMS of a role's policy, by the service that they are limited to. */
  function usesOf(role: string) {
    const { properties } = resource(template, 'AWS::IAM::Policy', role);
    const statements = readable(properties.PolicyDocument.Statement) as {
      Action: string | string[];
      Resource: unknown;
      Condition: { StringEquals: { 'kms:ViaService': string } };
    }[];
    const about = statements.filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('kms:')),
    );
    expect(about.every(({ Resource }) => Resource === arn)).toBe(true);
    return Object.fromEntries(
      about.map(({ Action, Condition }) => [
        Condition.StringEquals['kms:ViaService'].replace('.<AWS::Region>.amazonaws.com', ''),
        Action,
      ]),
    );
  }
  const WRITE = ['kms:Decrypt', 'kms:GenerateDataKey'];
  const RECORDS = [
    'kms:Decrypt',
    'kms:DescribeKey',
    'kms:Encrypt',
    'kms:GenerateDataKey',
    'kms:ReEncryptFrom',
    'kms:ReEncryptTo',
  ];

  it.each([
    ['ServiceProcessorRole', { sqs: WRITE, dynamodb: RECORDS, s3: WRITE }],
    ['ServiceApiFunctionRole', { sqs: WRITE, dynamodb: RECORDS, s3: WRITE }],
    ['ServiceWebhooksRole', { sqs: WRITE, dynamodb: RECORDS, secretsmanager: 'kms:Decrypt' }],
    ['ServiceWebhooksScheduleRole', { sqs: WRITE }],
    ['ServiceCircuitBreakerRole', { sqs: WRITE, dynamodb: RECORDS }],
    ['Client', { sqs: WRITE, s3: WRITE }],
  ])('to %s, by the services that it calls', (role, expected) => {
    expect(usesOf(role)).toEqual(expected);
  });

  it('to S3 for notifications and to CloudWatch Logs, for this account', () => {
    const { KeyPolicy } = resource(template, 'AWS::KMS::Key').properties;
    expect(readable(KeyPolicy.Statement)).toEqual(
      expect.arrayContaining([
        {
          Sid: 'AllowS3Notifications',
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Action: WRITE,
          Resource: '*',
          Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
        },
        {
          Sid: 'AllowLogs',
          Effect: 'Allow',
          Principal: { Service: 'logs.<AWS::Region>.amazonaws.com' },
          Action: RECORDS,
          Resource: '*',
          Condition: {
            ArnLike: {
              'kms:EncryptionContext:aws:logs:arn':
                'arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:*',
            },
          },
        },
      ]),
    );
  });

  it('to a consumer in another account only for reading', () => {
    const stack = new Stack(emptyApp(), 'Stack');
    const { service } = serviceIn(stack, { encryptionKey: new Key(stack, 'Key') });
    service.grantConsume(new AccountPrincipal('123456789012'));
    const { Statement } = resource(Template.fromStack(stack), 'AWS::KMS::Key').properties.KeyPolicy;
    const granted = (readable(Statement) as { Principal: { AWS?: string } }[]).filter(({ Principal }) =>
      Principal.AWS?.includes('123456789012'),
    );
    expect(granted).toEqual(
      ['sqs', 's3'].map((name) => ({
        Effect: 'Allow',
        Principal: { AWS: 'arn:<AWS::Partition>:iam::123456789012:root' },
        Action: 'kms:Decrypt',
        Resource: '*',
        Condition: { StringEquals: { 'kms:ViaService': `${name}.<AWS::Region>.amazonaws.com` } },
      })),
    );
  });
});

it('an imported key: the roles may use it, and a warning has the statements that its owner must add', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const keyArn = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  serviceIn(stack, { encryptionKey: Key.fromKeyArn(stack, 'Key', keyArn) });
  const role = resource(Template.fromStack(stack), 'AWS::IAM::Policy', 'ServiceProcessorRole');
  expect(JSON.stringify(role.properties)).toContain(keyArn);
  const warnings = Annotations.fromStack(stack).findWarning(
    '/Stack/Service',
    Match.stringLikeRegexp("encryptionKey isn't part of this app"),
  );
  const [text = ''] = warnings.map(({ entry }) => String(entry.data));
  for (const expected of ['AllowS3Notifications', 'AllowLogs', 'EnableIamPolicies', 'aws:SourceAccount'])
    expect(text).toContain(expected);
});

it('rejects an alias, which policies can’t name', () => {
  const stack = new Stack(emptyApp(), 'Stack');
  const encryptionKey = Alias.fromAliasName(stack, 'Key', 'alias/ours');
  expect(() => serviceIn(stack, { encryptionKey })).toThrow(
    'encryptionKey must be a key, got the alias alias/ours',
  );
});
