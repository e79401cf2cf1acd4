import { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, Grant, type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IScheduleGroup } from 'aws-cdk-lib/aws-scheduler';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import {
  BATCH_KEY_PREFIX,
  ENDPOINTS_KEY_PREFIX,
  LEDGER_KEY,
  SCHEDULE_KEY_PREFIX,
  SERVICE_PAUSE_KEY,
} from '../../core/config/record-table.ts';
import { KEY_USES, type KeyUse, keyStatement } from '../storage/key-use.ts';

/** What a {@link FunctionRole} is for. */
export interface RoleUse {
  /** The log group of a function; undefined for a task, whose logs ECS writes. */
  readonly logGroup?: ILogGroup | undefined;
}

/** The role of a function or a task: it allows a function to write logs. Subclasses allow each other call. */
export abstract class FunctionRole extends Role {
  constructor(scope: Construct, id: string, { logGroup }: RoleUse) {
    super(scope, id, {
      assumedBy: new ServicePrincipal(logGroup ? 'lambda.amazonaws.com' : 'ecs-tasks.amazonaws.com'),
    });
    if (logGroup) this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
  }

  protected allowObjects(bucket: IBucket, actions: string[], ...prefixes: readonly string[]): void {
    this.allow(
      actions,
      prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
    );
  }

  /** With permission to list, S3 answers 404 instead of 403 for a missing object. */
  protected allowReading(bucket: IBucket, ...prefixes: readonly string[]): void {
    this.allowObjects(bucket, ['s3:GetObject', 's3:GetObjectVersion'], ...prefixes);
    this.addToPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
      }),
    );
    this.allowKey(bucket.encryptionKey, KEY_USES.readObjects);
  }

  /**
   * Allows reading and writing request records with PartiQL. A `SELECT` without a key would scan the table, so full table
   * scans are denied.
   * @param verbs what the statements may do
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
   */
  protected allowRecords(
    { tableArn, encryptionKey }: ITable,
    verbs: readonly ('Insert' | 'Select' | 'Update')[] = ['Insert', 'Select', 'Update'],
  ): void {
    this.allowKey(encryptionKey, KEY_USES.records);
    this.allow(
      verbs.map((verb) => `dynamodb:PartiQL${verb}`),
      [tableArn],
    );
    this.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['dynamodb:PartiQLSelect'],
        resources: [tableArn],
        conditions: { Bool: { 'dynamodb:FullTableScan': 'true' } },
      }),
    );
  }

  /** Allows walking through a queue, which returns what it has received. */
  protected allowWalk({ queueArn, encryptionMasterKey }: IQueue): void {
    this.allow(['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'], [queueArn]);
    this.allowKey(encryptionMasterKey, KEY_USES.receive);
  }

  /** Allows scheduling messages in a group, which EventBridge Scheduler sends with a role. */
  protected allowSchedules(group: IScheduleGroup, role: IRole): void {
    this.allow(['scheduler:CreateSchedule'], [schedulesIn(group)]);
    this.addToPolicy(
      new PolicyStatement({
        actions: ['iam:PassRole'],
        resources: [role.roleArn],
        conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
      }),
    );
  }

  /** Allows putting the item of the ledger. */
  protected allowLedger(table: ITable): void {
    this.#allowItems(table, LEDGER_KEY, ['PutItem']);
  }

  /** Allows reading the items of webhook endpoints, and writing them if it says so. */
  protected allowWebhookEndpoints(table: ITable, ...actions: ('GetItem' | 'PutItem')[]): void {
    this.#allowItems(table, `${ENDPOINTS_KEY_PREFIX}*`, actions);
  }

  /** Allows reading, changing or deleting the items of schedules. */
  protected allowScheduleItems(table: ITable, ...actions: ('GetItem' | 'UpdateItem' | 'DeleteItem')[]): void {
    this.#allowItems(table, `${SCHEDULE_KEY_PREFIX}*`, actions);
  }

  /** Allows reading and putting the items of batches. */
  protected allowBatchItems(table: ITable, ...actions: ('GetItem' | 'PutItem')[]): void {
    this.#allowItems(table, `${BATCH_KEY_PREFIX}*`, actions);
  }

  /** Allows reading the pause of an operator. */
  protected allowOperatorPause(table: ITable): void {
    this.#allowItems(table, SERVICE_PAUSE_KEY, ['GetItem']);
    this.allowKey(table.encryptionKey, KEY_USES.records);
  }

  #allowItems({ tableArn }: ITable, keys: string, actions: readonly string[]): void {
    this.addToPolicy(
      new PolicyStatement({
        actions: actions.map((action) => `dynamodb:${action}`),
        resources: [tableArn],
        conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keys] } },
      }),
    );
  }

  /** Not `grantRead`, which also allows describing the secret, and allows no use of an imported key. */
  protected allowSecret(secret: ISecret): void {
    Grant.addToPrincipalOrResource({
      grantee: this,
      actions: ['secretsmanager:GetSecretValue'],
      // The full ARN of a secret that was imported by name ends with six more characters.
      resourceArns: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
      resource: secret,
    });
    this.allowKey(secret.encryptionKey, KEY_USES.readSecret);
  }

  /** @param key the key of a resource; undefined if AWS manages it */
  protected allowKey(key: IKey | undefined, use: KeyUse): void {
    if (key) this.addToPolicy(keyStatement(key, use));
  }

  protected allow(actions: string[], resources: string[]): void {
    this.addToPolicy(new PolicyStatement({ actions, resources }));
  }
}

/** The ARN of all schedules of a group. */
export function schedulesIn(group: IScheduleGroup): string {
  return Stack.of(group).formatArn({
    service: 'scheduler',
    resource: 'schedule',
    resourceName: `${group.scheduleGroupName}/*`,
  });
}
