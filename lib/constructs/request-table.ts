import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, Billing, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { RECORD_KEY, RECORD_TTL } from '../core/record-table.ts';

/** How a {@link RequestTable} is to be. */
export interface RequestTableProps {
  readonly pointInTimeRecovery: boolean;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The records of requests: paid by use, dropped some time after they are of no more use. Encrypted with keys DynamoDB
 * owns, which cost nothing and need no permission.
 */
export class RequestTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, { pointInTimeRecovery, removalPolicy }: RequestTableProps) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      partitionKey: { name: RECORD_KEY, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      timeToLiveAttribute: RECORD_TTL,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
      removalPolicy,
    });
  }
}
