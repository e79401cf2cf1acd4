import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../observability/acknowledge.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole } from './function-role.ts';

/** The resources that an {@link OutboxRole} grants access to. */
export interface OutboxRoleProps {
  readonly table: ITable;
  readonly streamArn: string;
  /** Receives rows that can't be relayed, from the function and from Lambda. */
  readonly failures: IQueue;
  /** The queues of requests of all priorities. */
  readonly inputQueues: readonly IQueue[];
  readonly logGroup: ILogGroup;
}

/** The role of the function that relays the rows of an outbox table. Lambda reads the stream with it. */
export class OutboxRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: OutboxRoleProps) {
    super(scope, id, props);
    const { table, streamArn, failures, inputQueues } = props;
    this.allow(['dynamodb:BatchWriteItem', 'dynamodb:DescribeTable', 'dynamodb:Scan'], [table.tableArn]);
    this.allow(['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], [streamArn]);
    this.allowKey(table.encryptionKey, KEY_USES.records);
    for (const queue of [...inputQueues, failures]) this.allowSend(queue);
    this.#allowListing();
  }

  /** Lets the function send to a queue. */
  allowSend(queue: IQueue): void {
    this.allow(['sqs:SendMessage'], [queue.queueArn]);
    this.allowKey(queue.encryptionMasterKey, KEY_USES.send);
  }

  #allowListing(): void {
    const policy = new Policy(this, 'Streams', {
      statements: [new PolicyStatement({ actions: ['dynamodb:ListStreams'], resources: ['*'] })],
      roles: [this],
    });
    acknowledge(policy, {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Lambda requires dynamodb:ListStreams for an event source, and it supports no resource.',
    });
  }
}
