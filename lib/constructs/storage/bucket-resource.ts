import { Reference, Stack, Token, Tokenization } from 'aws-cdk-lib';
import { Bucket, CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';

/**
 * The CloudFormation resource of a bucket of this app, also if it was imported into another stack by its name; undefined
 * if the bucket isn't part of this app.
 */
export function bucketResource(bucket: IBucket): CfnBucket | undefined {
  const resource = bucket.node.defaultChild;
  if (resource instanceof CfnBucket) return resource;
  const name = Tokenization.reverse(bucket.bucketName);
  return Reference.isReference(name) && name.target instanceof CfnBucket ? name.target : undefined;
}

/** The construct that creates a bucket in this app; undefined if none does, or a `CfnBucket` alone. */
export function createdBucket(bucket: IBucket): Bucket | undefined {
  const scope = bucketResource(bucket)?.node.scope;
  return scope instanceof Bucket ? scope : undefined;
}

/** An identity that is equal for all constructs of one bucket, for example after `Bucket.fromBucketName`. */
export function bucketIdentity(bucket: IBucket): string {
  const resource = bucketResource(bucket);
  const name: unknown = resource ? resource.bucketName : Stack.of(bucket).resolve(bucket.bucketName);
  if (typeof name === 'string' && !Token.isUnresolved(name)) return name;
  return resource ? resource.node.path : `${Stack.of(bucket).node.path} ${JSON.stringify(name)}`;
}
