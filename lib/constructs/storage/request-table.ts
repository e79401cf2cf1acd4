import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type GlobalSecondaryIndexPropsV2,
  ProjectionType,
  StreamViewType,
  type TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import {
  FAILURE_INDEX,
  FAILURE_LIST,
  FAILURE_POSITION,
  FAILURE_TENANT,
  RECORD_INDEX,
  RECORD_KEY,
  RECORD_LIST,
  RECORD_POSITION,
  RECORD_TTL,
} from '../../core/config/record-table.ts';
import { EncryptedTable } from './encrypted-table.ts';

/** Configures a {@link RequestTable}. */
export interface RequestTableProps {
  /**
   * Whether records can be listed. This needs an additional write when a record is created, and none when it changes.
   */
  readonly listed: boolean;
  /** Whether a function can follow the changes of records. The stream costs nothing. */
  readonly streamed: boolean;
  readonly pointInTimeRecovery: boolean;
  /** Undefined for a key that DynamoDB owns, which is free and needs no permissions. */
  readonly encryptionKey?: IKey;
  readonly removalPolicy: RemovalPolicy;
}

/** The table of request records, with on-demand billing and a time to live. */
export class RequestTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: RequestTableProps) {
    super(scope, id);
    const { listed, streamed, pointInTimeRecovery, encryptionKey, removalPolicy } = props;
    this.table = new EncryptedTable(this, 'Table', encryptionKey, {
      partitionKey: { name: RECORD_KEY, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: RECORD_TTL,
      ...(streamed && { dynamoStream: StreamViewType.NEW_IMAGE }),
      globalSecondaryIndexes: listed ? [LIST_INDEX, FAILURES_INDEX] : [FAILURES_INDEX],
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
      removalPolicy,
    });
  }
}

/** Keys only: other attributes would be written to the index with every change. */
const LIST_INDEX: GlobalSecondaryIndexPropsV2 = {
  indexName: RECORD_INDEX,
  partitionKey: { name: RECORD_LIST, type: AttributeType.STRING },
  sortKey: { name: RECORD_POSITION, type: AttributeType.STRING },
  projectionType: ProjectionType.KEYS_ONLY,
};

/**
 * Costs a write when a request fails. Every table has it: an update of a stack can't add two indexes, so that a service that
 * gets its API later could get neither.
 */
const FAILURES_INDEX: GlobalSecondaryIndexPropsV2 = {
  indexName: FAILURE_INDEX,
  partitionKey: { name: FAILURE_LIST, type: AttributeType.STRING },
  sortKey: { name: FAILURE_POSITION, type: AttributeType.STRING },
  projectionType: ProjectionType.INCLUDE,
  nonKeyAttributes: [FAILURE_TENANT],
};
