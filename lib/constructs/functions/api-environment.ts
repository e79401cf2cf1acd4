import { Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { writeApiEnvironment } from '../../core/config/api-environment.ts';
import {
  EVENT_SOURCE_FIRST_BATCHES,
  EVENT_SOURCE_MORE_BATCHES_A_MINUTE,
} from '../../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { ApiAuth } from '../api-auth.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { functionEnvironment } from './function-environment.ts';

/** The resources that the HTTP API uses. */
export interface ApiResources {
  readonly payloadBucket: IBucket;
  readonly inputQueue: IQueue;
  /** The queue of webhook deliveries; undefined without webhooks. */
  readonly webhookQueue?: IQueue;
  readonly requestTable: ITable;
}

/** The environment variables of the API's function. */
export function apiEnvironment(
  settings: ServiceSettings,
  auth: ApiAuth,
  { payloadBucket, inputQueue, webhookQueue, requestTable }: ApiResources,
): Record<string, string> {
  const variables = writeApiEnvironment({
    ...settings,
    ...settings.prefixes,
    tracing: settings.tracing?.target ?? 'off',
    inputQueueUrl: inputQueue.queueUrl,
    webhookQueueUrl: webhookQueue?.queueUrl ?? '',
    payloadBucket: payloadBucket.bucketName,
    requestTable: requestTable.tableName,
    auth: auth.name,
    tenantClaim: auth.tenantClaim,
    firstSlots: slotsOf(EVENT_SOURCE_FIRST_BATCHES, settings),
    reachableSlots: slotsOf(EVENT_SOURCE_FIRST_BATCHES + EVENT_SOURCE_MORE_BATCHES_A_MINUTE, settings),
  });
  return functionEnvironment(settings.serviceName, variables);
}

/**
 * The number of requests handled concurrently while the event source runs this many batches. Uses the minimum of a
 * setting that is only known at deployment.
 */
function slotsOf(batches: number, { batchSize, concurrency, maxConcurrency }: ServiceSettings): number {
  const allowed = known(maxConcurrency, 'maxConcurrency');
  const perBatch = Math.min(known(concurrency, 'concurrency'), known(batchSize, 'batchSize'));
  return Math.min(batches, allowed) * perBatch;
}

function known(value: number, name: 'batchSize' | 'concurrency' | 'maxConcurrency'): number {
  return Token.isUnresolved(value) ? NUMBER_SETTINGS[name].min : value;
}
