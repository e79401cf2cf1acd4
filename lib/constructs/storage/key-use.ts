import { Annotations, Stack } from 'aws-cdk-lib';
import {
  AccountRootPrincipal,
  Grant,
  type IGrantable,
  PolicyStatement,
  PrincipalWithConditions,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { assertReachable } from './assert-reachable.ts';

/** What callers of a service need of the key of its resource. The service calls KMS for them. */
export interface KeyUse {
  /** The service in `kms:ViaService`. */
  readonly service: 'dynamodb' | 's3' | 'secretsmanager' | 'sns' | 'sqs';
  readonly actions: readonly string[];
}

/** What services need that encrypt with data keys, and encrypt these again when the key changes. */
const ENVELOPE_ENCRYPTION = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
] as const;

/** What each kind of access to an encrypted resource needs. */
export const KEY_USES = {
  /** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
  readObjects: { service: 's3', actions: ['kms:Decrypt'] },
  /** S3 decrypts the parts of an upload when it is completed. */
  writeObjects: { service: 's3', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  /** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html */
  receive: { service: 'sqs', actions: ['kms:Decrypt'] },
  send: { service: 'sqs', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  /** @see https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html */
  publish: { service: 'sns', actions: ['kms:Decrypt', 'kms:GenerateDataKey'] },
  /** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html */
  records: {
    service: 'dynamodb',
    actions: ENVELOPE_ENCRYPTION,
  },
  /** @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html */
  readSecret: { service: 'secretsmanager', actions: ['kms:Decrypt'] },
} as const satisfies Record<string, KeyUse>;

/** Limits a use of a key to the calls of the service. */
function conditionsOf(key: IKey, { service }: KeyUse): Record<string, Record<string, string>> {
  return { StringEquals: { 'kms:ViaService': `${service}.${key.env.region}.amazonaws.com` } };
}

/** A statement for the policy of a role. The CDK's `ViaServicePrincipal` would allow no use of an imported key. */
export function keyStatement(key: IKey, use: KeyUse): PolicyStatement {
  return new PolicyStatement({
    actions: [...use.actions],
    resources: [key.keyArn],
    conditions: conditionsOf(key, use),
  });
}

/** Grants a use of a key; nothing without a key. @throws ConfigurationError like {@link assertReachable} */
export function grantKey(grantee: IGrantable, key: IKey | undefined, use: KeyUse): Grant {
  if (!key) return Grant.drop(grantee, 'the resource has no key');
  assertReachable(grantee, key, key.keyArn);
  const conditions = conditionsOf(key, use);
  return Grant.addToPrincipalOrResource({
    // The CDK applies the option conditions to the policy of the principal and not to that of the key.
    grantee: new PrincipalWithConditions(grantee.grantPrincipal, conditions),
    actions: [...use.actions],
    resourceArns: [key.keyArn],
    resourceSelfArns: ['*'],
    resource: key,
    conditions,
  });
}

/**
 * Allows the AWS services that use the key of a service by themselves: S3 encrypts notifications for the input queue, and
 * CloudWatch Logs encrypts logs. If the key is imported, a warning says what its owner must add.
 */
export function allowServices(service: Construct, key: IKey): void {
  addKeyStatements(service, key, 'encryptionKey', [allowNotifications(service), allowLogs(service)]);
}

/** Allows S3 to encrypt notifications for an existing queue. If its key is imported, a warning says what its owner must add. */
export function allowNotificationKey(service: Construct, queue: IQueue): void {
  const key = queue.encryptionMasterKey;
  if (key) addKeyStatements(service, key, 'The key of queue.queue', [allowNotifications(service)]);
}

/**
 * Allows SNS to encrypt what it delivers to a queue. If the key of the queue is imported, a warning says what its owner must
 * add.
 * @param name what the warning calls the queue
 */
export function allowDeliveryKey(subscription: Construct, queue: IQueue, name: string): void {
  const key = queue.encryptionMasterKey;
  if (key) addKeyStatements(subscription, key, `The key of ${name}`, [allowDeliveries(key)]);
}

/** Any topic of the account: the topic can be encrypted with the key, so the key can't refer to the topic. */
function allowDeliveries(key: IKey): PolicyStatement {
  return new PolicyStatement({
    sid: 'AllowSnsDeliveries',
    principals: [new ServicePrincipal('sns.amazonaws.com')],
    actions: [...KEY_USES.send.actions],
    resources: ['*'],
    conditions: { ArnLike: { 'aws:SourceArn': Stack.of(key).formatArn({ service: 'sns', resource: '*' }) } },
  });
}

/** Any bucket of the account: the bucket depends on the key, so the key can't refer to the bucket. */
function allowNotifications(service: Construct): PolicyStatement {
  return new PolicyStatement({
    sid: 'AllowS3Notifications',
    principals: [new ServicePrincipal('s3.amazonaws.com')],
    actions: [...KEY_USES.send.actions],
    resources: ['*'],
    conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(service).account } },
  });
}

/** The names of log groups are generated. */
function allowLogs(service: Construct): PolicyStatement {
  const { account, region, partition } = Stack.of(service);
  return new PolicyStatement({
    sid: 'AllowLogs',
    principals: [new ServicePrincipal(`logs.${region}.amazonaws.com`)],
    actions: [...ENVELOPE_ENCRYPTION],
    resources: ['*'],
    conditions: {
      ArnLike: {
        'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
      },
    },
  });
}

/** @param name what the warning calls the key */
function addKeyStatements(service: Construct, key: IKey, name: string, statements: PolicyStatement[]): void {
  const refused = statements.filter((statement) => !key.addToResourcePolicy(statement).statementAdded);
  if (refused.length === 0) return;
  // The default policy of a key has it.
  const enablePolicies = new PolicyStatement({
    sid: 'EnableIamPolicies',
    principals: [new AccountRootPrincipal()],
    actions: ['kms:*'],
    resources: ['*'],
  });
  const json = JSON.stringify(
    Stack.of(service).resolve([...refused, enablePolicies].map((one) => one.toStatementJson())),
    null,
    2,
  );
  Annotations.of(service).addWarningV2(
    'coatcheck:encryptionKey',
    `${name} isn't part of this app, so its policy can't be changed. Its owner must add these statements; otherwise the ` +
      `deployment fails. Most keys have the last one already:\n${json}`,
  );
}
