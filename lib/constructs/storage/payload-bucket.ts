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

/** S3's least: a result is never replaced, and a copy that was deleted was deleted on purpose. */
const REPLACED_RESULT_AGE_DAYS = 1;

/** How a {@link PayloadBucket} is to be. */
export interface PayloadBucketProps {
  readonly settings: ServiceSettings;
  /** Told of every upload. */
  readonly inputQueue: IQueue;
  /** The web pages that may upload from browsers. */
  readonly corsOrigins: readonly string[];
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Holds payloads and results. Versioned, so that a request is about the bytes that were uploaded whatever happens to
 * the key afterwards. Encrypted with keys S3 manages: a key of your own would have to be opened to S3, SQS, every
 * sender and every consumer.
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
   * A property of the bucket itself: `addEventNotification` would deploy a Lambda function to set it.
   * S3 tries the queue when the property is set, so the queue must let it in by then.
   */
  private notifyOfUploads(queue: IQueue, prefix: string): void {
    const { policyDependable } = queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'S3TellsOfUploads',
        principals: [new ServicePrincipal('s3.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        // By account and not by bucket: the bucket waits for this policy, which therefore can't name it.
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
      'addEventNotification on the payload bucket replaces the notification that makes uploads requests; ' +
        'add yours to notificationConfiguration of the CfnBucket instead',
    ];
  }
}

/** The CloudFormation resource of a bucket. */
function cfnBucketOf(bucket: Bucket): CfnBucket {
  const resource = bucket.node.defaultChild;
  if (!(resource instanceof CfnBucket)) throw new Error(`${bucket.node.path} has no CfnBucket`);
  return resource;
}

/** Expired objects become old versions first; those of uploads stay a little, since queued requests pin versions. */
function lifecycleRules(settings: ServiceSettings): LifecycleRule[] {
  const { prefixes, uploadAgeDays, resultAgeDays, disposableAgeDays, replacedUploadAgeDays } = settings;
  return [
    expiry('Uploads', prefixes.uploadPrefix, uploadAgeDays, replacedUploadAgeDays),
    expiry('Payloads', prefixes.payloadPrefix, uploadAgeDays, replacedUploadAgeDays),
    expiry('Results', prefixes.resultPrefix, resultAgeDays, REPLACED_RESULT_AGE_DAYS),
    expiry('DisposableCopies', prefixes.disposablePrefix, disposableAgeDays, REPLACED_RESULT_AGE_DAYS),
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
