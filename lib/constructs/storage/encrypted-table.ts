import { CfnResource } from 'aws-cdk-lib';
import { type TablePropsV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';

/**
 * A table with a key. The CDK's `TableEncryptionV2.customerManagedKey` rejects a stack whose region is only known at
 * deployment, so this sets the properties of the resource.
 */
export class EncryptedTable extends TableV2 {
  override readonly encryptionKey: IKey | undefined;

  constructor(scope: Construct, id: string, key: IKey | undefined, props: TablePropsV2) {
    super(scope, id, props);
    this.encryptionKey = key;
    if (!key) return;
    const resource = this.node.defaultChild;
    if (!CfnResource.isCfnResource(resource))
      throw new Error(`${this.node.path} has no CloudFormation resource`);
    resource.addPropertyOverride('SSESpecification', { SSEEnabled: true, SSEType: 'KMS' });
    resource.addPropertyOverride('Replicas.0.SSESpecification', { KMSMasterKeyId: key.keyArn });
  }
}
