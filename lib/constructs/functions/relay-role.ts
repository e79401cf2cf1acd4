import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../observability/acknowledge.ts';
import { KEY_USES } from '../storage/key-use.ts';
import { FunctionRole } from './function-role.ts';

/** The resources that a {@link RelayRole} grants access to. */
export interface RelayRoleProps {
  readonly inputQueue: IQueue;
  readonly payloadBucket: IBucket;
  readonly payloadPrefix: string;
  readonly logGroup: ILogGroup;
}

/** The role of the function that relays messages. Each source adds what Lambda needs to read from it. */
export class RelayRole extends FunctionRole {
  #networks: Policy | undefined;

  constructor(scope: Construct, id: string, props: RelayRoleProps) {
    super(scope, id, props);
    const { inputQueue, payloadBucket, payloadPrefix } = props;
    this.allowRelay(inputQueue);
    this.allowObjects(payloadBucket, ['s3:PutObject', 's3:AbortMultipartUpload'], payloadPrefix);
    this.allowKey(payloadBucket.encryptionKey, KEY_USES.writeObjects);
  }

  /** Lets the function send to an input queue. */
  allowRelay(inputQueue: IQueue): void {
    this.allow(['sqs:SendMessage'], [inputQueue.queueArn]);
    this.allowKey(inputQueue.encryptionMasterKey, KEY_USES.send);
  }

  /** Lets Lambda receive notifications of uploads, and the function read the metadata of the objects. */
  allowUploads(uploads: IQueue, bucket: IBucket, uploadPrefix: string): void {
    this.allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [uploads.queueArn]);
    this.allowKey(uploads.encryptionMasterKey, KEY_USES.receive);
    this.allowObjects(bucket, ['s3:GetObject', 's3:GetObjectVersion'], uploadPrefix);
    this.allowKey(bucket.encryptionKey, KEY_USES.readObjects);
  }

  /**
   * Lets Lambda read from a broker in Amazon MQ.
   * @see https://docs.aws.amazon.com/lambda/latest/dg/services-mq-params.html
   */
  allowBroker(brokerArn: string, credentials: ISecret): void {
    this.allow(['mq:DescribeBroker'], [brokerArn]);
    this.allowSecret(credentials);
    this.#networks ??= this.#allowNetworks();
  }

  /** Lambda connects to brokers through network interfaces in their VPCs. */
  #allowNetworks(): Policy {
    const policy = new Policy(this, 'BrokerNetworks', {
      statements: [
        new PolicyStatement({
          actions: [
            'ec2:CreateNetworkInterface',
            'ec2:DeleteNetworkInterface',
            'ec2:DescribeNetworkInterfaces',
            'ec2:DescribeSecurityGroups',
            'ec2:DescribeSubnets',
            'ec2:DescribeVpcs',
          ],
          resources: ['*'],
        }),
      ],
      roles: [this],
    });
    acknowledge(policy, {
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Lambda requires these permissions for all resources before it connects to a broker.',
    });
    return policy;
  }
}
