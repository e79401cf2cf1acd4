import type { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type LocalSecondaryIndexProps,
  ProjectionType,
  StreamViewType,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { OUTBOX_KEYS } from '../../core/config/outbox-table.ts';
import { EncryptedTable } from './encrypted-table.ts';

interface OutboxTableResources {
  /** Undefined for a key that DynamoDB owns. */
  readonly encryptionKey: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Without an index, DynamoDB may split the rows of one ordering key over partitions, and the records of two partitions are in no
 * order. No row has its sort key, so the index is empty and costs nothing.
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/burst-adaptive-capacity.html
 */
const UNSPLIT: LocalSecondaryIndexProps = {
  indexName: 'unsplit',
  sortKey: { name: 'unused', type: AttributeType.STRING },
  projectionType: ProjectionType.KEYS_ONLY,
};

/** Creates the table of an outbox. The rows of one ordering key have one partition key. */
export function outboxTable(
  scope: Construct,
  { encryptionKey, removalPolicy }: OutboxTableResources,
): EncryptedTable {
  const { partitionKey, sortKey } = OUTBOX_KEYS;
  return new EncryptedTable(scope, 'Table', encryptionKey, {
    partitionKey: { name: partitionKey, type: AttributeType.STRING },
    sortKey: { name: sortKey, type: AttributeType.STRING },
    localSecondaryIndexes: [UNSPLIT],
    billing: Billing.onDemand(),
    dynamoStream: StreamViewType.NEW_IMAGE,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy,
  });
}
