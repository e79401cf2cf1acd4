import { Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { writeApiEnvironment } from '../core/environment.ts';
import { EVENT_SOURCE_FIRST_BATCHES } from '../core/limits.ts';
import { NUMBER_SETTINGS } from '../core/settings.ts';
import type { ApiAuth } from './api-auth.ts';
import { functionEnvironment } from './function-environment.ts';
import type { ServiceSettings } from './service-settings.ts';

/** What an HTTP API works with. */
export interface ApiResources {
  readonly payloadBucket: IBucket;
  readonly inputQueue: IQueue;
  readonly requestTable: ITable;
}

/** The environment variables of the HTTP API's function. */
export function apiEnvironment(
  settings: ServiceSettings,
  auth: ApiAuth,
  { payloadBucket, inputQueue, requestTable }: ApiResources,
): Record<string, string> {
  const variables = writeApiEnvironment({
    ...settings,
    ...settings.prefixes,
    inputQueueUrl: inputQueue.queueUrl,
    payloadBucket: payloadBucket.bucketName,
    requestTable: requestTable.tableName,
    auth: auth.name,
    tenantClaim: auth.tenantClaim,
    firstSlots: firstSlots(settings),
  });
  return functionEnvironment(settings.serviceName, variables);
}

/** Where a number is only known at deployment, as many as there are at least. */
function firstSlots({ batchSize, concurrency, maxConcurrency }: ServiceSettings): number {
  const batches =
    maxConcurrency === undefined ? EVENT_SOURCE_FIRST_BATCHES : known(maxConcurrency, 'maxConcurrency');
  const atATime = Math.min(known(concurrency, 'concurrency'), known(batchSize, 'batchSize'));
  return Math.min(EVENT_SOURCE_FIRST_BATCHES, batches) * atATime;
}

function known(value: number, name: 'batchSize' | 'concurrency' | 'maxConcurrency'): number {
  return Token.isUnresolved(value) ? NUMBER_SETTINGS[name].min : value;
}
