import { Token, Tokenization } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { writeEnvironment } from '../core/environment.ts';
import type { ClaimCheckSource } from './async-service-props.ts';
import type { ServiceSettings } from './service-settings.ts';

/** What a processor works with. */
export interface ProcessorResources {
  readonly payloadBucket: IBucket;
  readonly inputQueue: IQueue;
  readonly outputQueue: IQueue;
  readonly requestTable: ITable;
  /** Where payloads may lie besides the payload bucket. */
  readonly claimCheckSources: readonly ClaimCheckSource[];
}

/** The environment variables of a processor: what the engine reads, and what names it in its logs. */
export function processorEnvironment(
  settings: ServiceSettings,
  { payloadBucket, inputQueue, outputQueue, requestTable, claimCheckSources }: ProcessorResources,
): Record<string, string> {
  const { serviceName, prefixes } = settings;
  const variables = writeEnvironment({
    ...settings,
    ...prefixes,
    inputQueueUrl: inputQueue.queueUrl,
    outputQueueUrl: outputQueue.queueUrl,
    payloadBucket: payloadBucket.bucketName,
    requestTable: requestTable.tableName,
    claimCheckSources: [
      { bucket: payloadBucket, prefix: prefixes.uploadPrefix },
      { bucket: payloadBucket, prefix: prefixes.payloadPrefix },
      ...claimCheckSources,
    ].map(({ bucket, prefix }) =>
      prefix === undefined ? bucket.bucketName : `${bucket.bucketName}/${prefix}`,
    ),
  });
  const named = Object.entries({ ...variables, POWERTOOLS_SERVICE_NAME: serviceName });
  return Object.fromEntries(named.map(([name, value]) => [name, tokenText(value)]));
}

/** A number that is only known at deployment is a marker, which must be turned back before it is printed for good. */
function tokenText(value: string): string {
  return Token.isUnresolved(Number(value)) ? Tokenization.stringifyNumber(Number(value)) : value;
}
