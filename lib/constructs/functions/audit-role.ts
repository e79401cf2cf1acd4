import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { PayloadSource } from '../settings/payload-props.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole } from './function-role.ts';

/** The resources that an {@link AuditRole} grants access to. */
export interface AuditRoleProps {
  readonly requestTable: ITable;
  readonly payloadBucket: IBucket;
  /** Where the bucket has objects of the service. */
  readonly prefixes: readonly string[];
  /** Where records may refer to payloads besides. */
  readonly payloadSources: readonly PayloadSource[];
  readonly logGroup: ILogGroup;
}

/** The role of the function that audits requests. It only allows reading, and keeping the ledger. */
export class AuditRole extends FunctionRole {
  constructor(scope: Construct, id: string, props: AuditRoleProps) {
    super(scope, id, props);
    const { requestTable, payloadBucket, prefixes, payloadSources } = props;
    this.allow(['dynamodb:Scan'], [requestTable.tableArn]);
    this.allowLedger(requestTable);
    this.allowKey(requestTable.encryptionKey, KEY_USES.records);
    // To list objects, and to ask for those of records: HEAD is a read.
    this.allowReading(payloadBucket, ...prefixes);
    for (const { bucket, prefix = '' } of payloadSources) this.allowReading(bucket, prefix);
  }

  /** Lets the function look at a queue. */
  allowLook(queue: IQueue): void {
    this.allow(['sqs:GetQueueAttributes'], [queue.queueArn]);
  }
}
