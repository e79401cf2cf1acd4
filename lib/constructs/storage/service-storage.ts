import type { RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { UPLOADS_QUEUE } from '../message-relay.ts';
import { OutcomeTopic } from '../outcome-topic.ts';
import { outputOf } from '../settings/output-queue.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { useExistingBucket } from './existing-bucket.ts';
import { PayloadBucket } from './payload-bucket.ts';
import { QueueWithDeadLetters } from './queue-with-dead-letters.ts';
import { type RequestLanes, requestLanesOf } from './request-lanes.ts';
import { RequestTable } from './request-table.ts';
import { type Input, inputQueueOf, type Output, outputQueueOf } from './service-queues.ts';

/** Configures {@link serviceStorage}. */
export interface ServiceStorageSetup {
  readonly service: AsyncServiceProps;
  readonly settings: ServiceSettings;
  /** The storage of the service in front: the bucket and the table are its own, and so is the topic of the same output queue. */
  readonly front: ServiceStorage | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** Where the requests of a service are, and where its outcomes go. */
export interface ServiceStorage {
  readonly input: Input;
  /** The queues of requests of other priorities; undefined without them. */
  readonly lanes: RequestLanes | undefined;
  /** Undefined without an output queue. */
  readonly output: Output | undefined;
  /** The topic of outcomes; undefined unless they fan out. */
  readonly outcomes: OutcomeTopic | undefined;
  /** The topic if it isn't that of the service in front. */
  readonly ownOutcomes: OutcomeTopic | undefined;
  /** S3's notifications of uploads; undefined if S3 sends them to the input queue. */
  readonly uploads: QueueWithDeadLetters | undefined;
  readonly payloadBucket: IBucket;
  /** Whether the service created the bucket. */
  readonly ownsBucket: boolean;
  readonly requestTable: ITable;
}

/** Creates the queues, the bucket and the table of a service, or uses those that exist. */
export function serviceStorage(scope: Construct, setup: ServiceStorageSetup): ServiceStorage {
  const { service, settings, front } = setup;
  const { encryptionKey } = service;
  const input = inputQueueOf(scope, service, settings);
  const lanes = requestLanesOf(scope, service, settings, input.deadLetterQueue);
  const output = outputQueueOf(scope, service, settings);
  const sharesOutput = front !== undefined && output?.queue === front.output?.queue;
  const ownOutcomes =
    output && outputOf(service).fanOut && !sharesOutput
      ? new OutcomeTopic(scope, 'Outcomes', {
          settings,
          outputQueue: output.queue,
          outputDeadLetterQueue: output.deadLetterQueue,
          encryptionKey,
        })
      : undefined;
  // S3 can't notify a FIFO queue, and doesn't know the topic of an upload.
  const uploads =
    !front && (settings.keepsOrder || service.topics)
      ? new QueueWithDeadLetters(scope, 'Uploads', { ...UPLOADS_QUEUE, encryptionKey })
      : undefined;
  return {
    input,
    lanes,
    output,
    outcomes: sharesOutput ? front.outcomes : ownOutcomes,
    ownOutcomes,
    uploads,
    ownsBucket: !front && !service.payloads?.bucket,
    payloadBucket: front?.payloadBucket ?? payloadBucketOf(scope, setup, uploads ?? input),
    requestTable: front?.requestTable ?? newRequestTable(scope, setup),
  };
}

/** @param uploads where S3's notifications go */
function payloadBucketOf(
  scope: Construct,
  { service, settings, removalPolicy }: ServiceStorageSetup,
  { queue: inputQueue }: Pick<Input, 'queue'>,
): IBucket {
  const use = { settings, inputQueue, corsOrigins: service.api?.corsOrigins ?? [] };
  const existing = service.payloads?.bucket;
  if (existing) {
    useExistingBucket(scope, existing, use);
    return existing;
  }
  const { encryptionKey } = service;
  return new PayloadBucket(scope, 'Payloads', { ...use, encryptionKey, removalPolicy }).bucket;
}

function newRequestTable(scope: Construct, { service, removalPolicy }: ServiceStorageSetup): ITable {
  return new RequestTable(scope, 'Requests', {
    listed: service.api !== undefined,
    streamed: service.api?.batches ?? false,
    pointInTimeRecovery: service.records?.pointInTimeRecovery ?? true,
    encryptionKey: service.encryptionKey,
    removalPolicy,
  }).table;
}
