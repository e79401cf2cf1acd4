import { Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IConstruct } from 'constructs';
import { bucketIdentity, createdBucket } from '../storage/bucket-resource.ts';
import { type Prefixes, prefixEntries } from './prefixes.ts';

/** A service and its payload bucket. */
export interface BucketUser {
  readonly service: IConstruct;
  readonly bucket: IBucket;
  readonly prefixes: Prefixes;
}

/** Problems of a service whose bucket has other users: services before it in the app, or notifications of its own stack. */
export function sharedBucketProblems(user: BucketUser, before: readonly BucketUser[]): string[] {
  const sharing = before.filter(({ bucket }) => bucketIdentity(bucket) === bucketIdentity(user.bucket));
  return [
    ...sharing.flatMap((other) => [...overlapProblems(user, other), ...constructProblems(user, other)]),
    ...replacedNotificationProblems(user.bucket),
  ];
}

function overlapProblems(user: BucketUser, other: BucketUser): string[] {
  const [path, otherPath] = [user.service.node.path, other.service.node.path];
  return prefixEntries(user.prefixes).flatMap(([name, prefix]) =>
    prefixEntries(other.prefixes)
      .filter(([, taken]) => prefix.startsWith(taken) || taken.startsWith(prefix))
      .map(
        ([otherName, taken]) =>
          `${name} of ${path} must not overlap with ${otherName} of ${otherPath}, which has the same payloads.bucket, got ` +
          `${prefix} and ${taken}: start the prefixes of each service with a folder of its own`,
      ),
  );
}

/** Two resources that add notifications to one bucket at the same time can lose one, and deleting one deletes both. */
function constructProblems(user: BucketUser, other: BucketUser): string[] {
  if (user.bucket === other.bucket || Stack.of(user.bucket) !== Stack.of(other.bucket)) return [];
  return [
    `payloads.bucket of ${user.service.node.path} and of ${other.service.node.path} must be the same construct, because both are the ` +
      `same bucket in one stack, got ${user.bucket.node.path} and ${other.bucket.node.path}`,
  ];
}

/** The stack of a bucket replaces all notifications when it deploys its own. */
function replacedNotificationProblems(bucket: IBucket): string[] {
  const created = createdBucket(bucket);
  if (!created || created === bucket || !created.node.tryFindChild('Notifications')) return [];
  return [
    `payloads.bucket must have no notifications in the stack that creates it, which would replace that of the service, got those of ` +
      `${created.node.path}: add them to ${bucket.node.path} instead`,
  ];
}
