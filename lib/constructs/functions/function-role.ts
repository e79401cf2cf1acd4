import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/** The role of a function: it allows writing logs. Subclasses allow each other call. */
export abstract class FunctionRole extends Role {
  constructor(scope: Construct, id: string, logGroup: ILogGroup) {
    super(scope, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.allow(['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup.logGroupArn]);
  }

  protected allowObjects(bucket: IBucket, actions: string[], ...prefixes: readonly string[]): void {
    this.allow(
      actions,
      prefixes.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
    );
  }

  /**
   * Allows reading and writing request records with PartiQL. A `SELECT` without a key would scan the table, so full table
   * scans are denied.
   * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
   */
  protected allowRecords({ tableArn }: ITable): void {
    this.allow(['dynamodb:PartiQLInsert', 'dynamodb:PartiQLSelect', 'dynamodb:PartiQLUpdate'], [tableArn]);
    this.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ['dynamodb:PartiQLSelect'],
        resources: [tableArn],
        conditions: { Bool: { 'dynamodb:FullTableScan': 'true' } },
      }),
    );
  }

  protected allow(actions: string[], resources: string[]): void {
    this.addToPolicy(new PolicyStatement({ actions, resources }));
  }
}
