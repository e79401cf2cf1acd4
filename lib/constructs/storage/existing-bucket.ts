import { isDeepStrictEqual } from 'node:util';
import { Annotations, App, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import {
  Bucket,
  BucketNotificationDestinationType,
  CfnBucket,
  EventType,
  type IBucket,
  type IBucketNotificationDestination,
} from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { allowNotifications } from './allow-notifications.ts';
import { bucketResource, createdBucket } from './bucket-resource.ts';
import { bucketCors } from './cors.ts';
import { lifecycleRulesUnderPrefixes } from './lifecycle.ts';

/** What a service does with an existing bucket. */
export interface ExistingBucketUse {
  readonly settings: ServiceSettings;
  /** Receives a notification of every upload. */
  readonly inputQueue: IQueue;
  /** The origins of web pages that can upload from browsers. */
  readonly corsOrigins: readonly string[];
}

/**
 * Lets an existing bucket notify the input queue. Everything else of the bucket is its owner's: other objects may depend on
 * it. A warning lists what the bucket lacks.
 */
export function useExistingBucket(service: Construct, bucket: IBucket, use: ExistingBucketUse): void {
  const prefix = use.settings.prefixes.uploadPrefix;
  bucket.addEventNotification(EventType.OBJECT_CREATED, destinationOf(use.inputQueue), { prefix });
  const missing = missingFrom(bucket, use);
  if (Object.keys(missing).length === 0) return;
  Annotations.of(service).addWarningV2(
    'coatcheck:payloadBucket',
    "payloads.bucket is an existing bucket, which the service doesn't change. Its owner must add what it lacks, here in the form " +
      `of CloudFormation; docs/recipes/use-an-existing-bucket.md says what it is for:\n${JSON.stringify(missing, null, 2)}`,
  );
}

/** The CDK's `SqsDestination` accepts the events of a bucket of any account that gets the bucket's name. */
function destinationOf(queue: IQueue): IBucketNotificationDestination {
  return {
    bind: () => {
      allowNotifications(queue);
      const type = BucketNotificationDestinationType.QUEUE;
      return { arn: queue.queueArn, type, dependencies: [queue] };
    },
  };
}

/** The properties of the bucket and the statement of its policy that a created bucket would have and this one lacks. */
function missingFrom(bucket: IBucket, { settings, corsOrigins }: ExistingBucketUse): Record<string, unknown> {
  const wanted = propertiesOf(
    new Bucket(new Stack(new App({ autoSynth: false })), 'Wanted', {
      versioned: true,
      lifecycleRules: lifecycleRulesUnderPrefixes(settings),
      cors: bucketCors(corsOrigins),
    }).node.defaultChild,
  );
  const actual = propertiesOf(bucketResource(bucket));
  const lifecycle = wanted.lifecycle.filter((rule) => !includes(actual.lifecycle, rule));
  const cors = wanted.cors.filter((rule) => !includes(actual.cors, rule));
  return {
    ...(!actual.versioned && { VersioningConfiguration: { Status: 'Enabled' } }),
    ...(lifecycle.length > 0 && { LifecycleConfiguration: { Rules: lifecycle } }),
    ...(cors.length > 0 && { CorsConfiguration: { CorsRules: cors } }),
    ...(!deniesPlainHttp(bucket) && { PolicyDocument: { Statement: [plainHttpDenial(bucket)] } }),
  };
}

interface Properties {
  readonly versioned: boolean;
  readonly lifecycle: readonly unknown[];
  readonly cors: readonly unknown[];
}

/** Without the ids of rules, which are unique in a bucket. */
function propertiesOf(resource: unknown): Properties {
  if (!(resource instanceof CfnBucket)) return { versioned: false, lifecycle: [], cors: [] };
  const { versioningConfiguration, lifecycleConfiguration, corsConfiguration } = resource;
  const resolve = (value: unknown) => Stack.of(resource).resolve(value);
  return {
    versioned: resolve(versioningConfiguration)?.status === 'Enabled',
    lifecycle: (resolve(lifecycleConfiguration)?.rules ?? []).map(inTemplate),
    cors: (resolve(corsConfiguration)?.corsRules ?? []).map(inTemplate),
  };
}

/** A property of a resource with the names that it has in a template. */
function inTemplate(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inTemplate);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => name !== 'id')
      .map(([name, member]) => [`${name.charAt(0).toUpperCase()}${name.slice(1)}`, inTemplate(member)]),
  );
}

function includes(rules: readonly unknown[], rule: unknown): boolean {
  return rules.some((each) => isDeepStrictEqual(each, rule));
}

function deniesPlainHttp(bucket: IBucket): boolean {
  const policy = createdBucket(bucket)?.policy;
  if (!policy) return false;
  return JSON.stringify(Stack.of(policy).resolve(policy.document)).includes('aws:SecureTransport');
}

function plainHttpDenial(bucket: IBucket): unknown {
  const statement = new PolicyStatement({
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:*'],
    resources: [bucket.bucketArn, bucket.arnForObjects('*')],
    conditions: { Bool: { 'aws:SecureTransport': 'false' } },
  });
  return Stack.of(bucket).resolve(statement.toStatementJson());
}
