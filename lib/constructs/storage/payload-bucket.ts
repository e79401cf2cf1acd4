import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  CfnBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { bucketCors } from './cors.ts';

/** The minimum of S3. A result is never replaced, and a deleted copy was deleted on purpose. */
const REPLACED_RESULT_AGE_DAYS = 1;

/** Configures a {@link PayloadBucket}. */
export interface PayloadBucketProps {
  readonly settings: ServiceSettings;
  /** Receives a notification of every upload. */
  readonly inputQueue: IQueue;
  /** The origins of web pages that can upload from browsers. */
  readonly corsOrigins: readonly string[];
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The bucket of payloads and results. It is versioned, so that a request refers to the uploaded bytes even if the
 * object is overwritten. It is encrypted with keys that S3 manages, because the policy of a customer managed key
 * would have to allow S3, SQS, every sender and every consumer.
 */
export class PayloadBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: PayloadBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      encryption: BucketEncryption.S3_MANAGED,
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
    const { policyDependable } = queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AllowS3Notifications',
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        // The account instead of the bucket: the bucket depends on this policy, so the policy can't refer to the
        // bucket.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
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

/** The CloudFormation resource of a bucket. */
function cfnBucketOf(bucket: Bucket): CfnBucket {
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof CfnBucket)) throw new Error(`${bucket.node.path} has no CfnBucket`);
  return resource;
}

/**
 * Expired objects first become noncurrent versions. Those of uploads are kept longer: queued requests refer to them.
 */
function lifecycleRules(settings: ServiceSettings): LifecycleRule[] {
  const { prefixes, uploadAgeDays, resultAgeDays, consumerCopyAgeDays, replacedUploadAgeDays } = settings;
  return [
    expiry('Uploads', prefixes.uploadPrefix, uploadAgeDays, replacedUploadAgeDays),
    expiry('Payloads', prefixes.payloadPrefix, uploadAgeDays, replacedUploadAgeDays),
    expiry('Results', prefixes.resultPrefix, resultAgeDays, REPLACED_RESULT_AGE_DAYS),
    expiry('DisposableCopies', prefixes.consumerCopyPrefix, consumerCopyAgeDays, REPLACED_RESULT_AGE_DAYS),
    {
      id: 'IncompleteUploads',
      abortIncompleteMultipartUploadAfter: Duration.days(settings.incompleteUploadAgeDays),
    },
  ];
}

function expiry(id: string, prefix: string, ageDays: number, replacedAgeDays: number): LifecycleRule {
  return {
    id,
    prefix,
    expiration: Duration.days(ageDays),
    noncurrentVersionExpiration: Duration.days(replacedAgeDays),
  };
}
