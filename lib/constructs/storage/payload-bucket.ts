import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  CfnBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { allowNotifications } from './allow-notifications.ts';
import { bucketCors } from './cors.ts';
import { lifecycleRules } from './lifecycle.ts';

/** Configures a {@link PayloadBucket}. */
export interface PayloadBucketProps {
  readonly settings: ServiceSettings;
  /** Receives a notification of every upload. */
  readonly inputQueue: IQueue;
  /** The origins of web pages that can upload from browsers. */
  readonly corsOrigins: readonly string[];
  /** Undefined for keys that S3 manages. */
  readonly encryptionKey: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The bucket of payloads and results. It is versioned, so that a request refers to the uploaded bytes even if the
 * object is overwritten.
 */
export class PayloadBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: PayloadBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      ...encryptionOf(props.encryptionKey),
      enforceSSL: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: lifecycleRules(props.settings),
      cors: bucketCors(props.corsOrigins),
      removalPolicy: props.removalPolicy,
    });
    this.notifyOfUploads(props.inputQueue, props.settings.prefixes.uploadPrefix);
    this.node.addValidation({ validate: () => this.notificationConflicts() });
  }

  /**
   * Sets the property of the bucket, because `addEventNotification` would deploy a Lambda function for it. S3 sends a
   * test message when the property is set, so the queue policy must exist before.
   */
  private notifyOfUploads(queue: IQueue, prefix: string): void {
    const { policyDependable } = allowNotifications(queue);
    const bucket = cfnBucketOf(this.bucket);
    bucket.notificationConfiguration = {
      queueConfigurations: [
        {
          event: 's3:ObjectCreated:*',
          queue: queue.queueArn,
          filter: { s3Key: { rules: [{ name: 'prefix', value: prefix }] } },
        },
      ],
    };
    if (policyDependable) bucket.node.addDependency(policyDependable);
  }

  private notificationConflicts(): string[] {
    if (!this.bucket.node.tryFindChild('Notifications')) return [];
    return [
      'addEventNotification on the payload bucket would replace the notification that turns uploads into requests. ' +
        'Add yours to notificationConfiguration of the CfnBucket instead',
    ];
  }
}

/** With a bucket key, S3 calls KMS about once in a hundred calls. */
function encryptionOf(
  key: IKey | undefined,
): Pick<BucketProps, 'encryption' | 'encryptionKey' | 'bucketKeyEnabled'> {
  if (!key) return { encryption: BucketEncryption.S3_MANAGED };
  return { encryption: BucketEncryption.KMS, encryptionKey: key, bucketKeyEnabled: true };
}

/** The CloudFormation resource of a bucket. */
function cfnBucketOf(bucket: Bucket): CfnBucket {
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof CfnBucket)) throw new Error(`${bucket.node.path} has no CfnBucket`);
  return resource;
}
