import { Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { bucketResource } from '../storage/bucket-resource.ts';
import { placeProblems } from './place-problems.ts';

/** Problems with an existing payload bucket. */
export function payloadBucketProblems(service: Construct, bucket: IBucket | undefined): string[] {
  if (!bucket) return [];
  return [
    ...stackProblems(service, bucket),
    ...placeProblems(service, 'payloads.bucket', bucket),
    ...versioningProblems(bucket),
    ...notificationProblems(bucket),
  ];
}

/** The construct of the notification refers to the queue. In another stack, each stack would depend on the other one. */
function stackProblems(service: Construct, bucket: IBucket): string[] {
  const stack = Stack.of(bucket);
  if (stack === Stack.of(service)) return [];
  return [
    `payloads.bucket must be a bucket of the service's stack or one that was imported into it, got ${bucket.node.path} of the ` +
      `stack ${stack.node.path}: use Bucket.fromBucketAttributes() with its bucketName and, if it has one, its encryptionKey`,
  ];
}

function versioningProblems(bucket: IBucket): string[] {
  const resource = bucketResource(bucket);
  if (!resource) return [];
  const versioning: unknown = Stack.of(resource).resolve(resource.versioningConfiguration)?.status;
  if (versioning === 'Enabled' || typeof versioning === 'object') return [];
  return [
    'payloads.bucket must have versioning enabled, so that a request refers to the uploaded bytes even if the object is ' +
      `overwritten, got ${resource.node.path} with ${versioning ?? 'no'} versioning`,
  ];
}

/** The notification of an existing bucket is a resource of its own, which replaces what the property has set. */
function notificationProblems(bucket: IBucket): string[] {
  const resource = bucketResource(bucket);
  if (resource?.notificationConfiguration === undefined) return [];
  return [
    `payloads.bucket must have no notificationConfiguration, which would be replaced, got that of ${resource.node.path}: use ` +
      'addEventNotification. To share the bucket of a service, create a Bucket and pass it to both services',
  ];
}
