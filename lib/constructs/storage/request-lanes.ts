import { Duration } from 'aws-cdk-lib';
import type { IQueue, Queue as SqsQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { OtherLaneUrls } from '../../core/config/lane-urls.ts';
import { inputMaxReceives } from '../../core/config/receive-budget.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { ServiceSettings } from '../settings/service-settings.ts';
import { newQueue } from './queue-with-dead-letters.ts';

/** The queues of requests that aren't of normal priority. */
export interface RequestLanes {
  /** The queue of requests of high priority. */
  readonly high: IQueue;
  /** The queue of requests of low priority. */
  readonly low: IQueue;
}

/** The queues of requests of all priorities: the input queue, and the others if there are any. */
export function requestQueuesOf(inputQueue: IQueue, lanes: RequestLanes | undefined): IQueue[] {
  return lanes ? [inputQueue, lanes.high, lanes.low] : [inputQueue];
}

/** The URLs of the queues besides the input queue, for the environment of a function. */
export function otherLaneUrls(lanes: RequestLanes | undefined): OtherLaneUrls {
  return { highInputQueueUrl: lanes?.high.queueUrl ?? '', lowInputQueueUrl: lanes?.low.queueUrl ?? '' };
}

/** The queues besides the input queue, with its dead-letter queue; undefined unless the service has them. */
export function requestLanesOf(
  scope: Construct,
  { encryptionKey }: AsyncServiceProps,
  settings: ServiceSettings,
  deadLetterQueue: IQueue,
): RequestLanes | undefined {
  if (!settings.hasLanes) return undefined;
  const lane = (id: string): SqsQueue =>
    newQueue(scope, id, deadLetterQueue, {
      retention: Duration.seconds(settings.inputRetentionSeconds),
      visibilityTimeout: Duration.seconds(settings.visibilityTimeoutSeconds),
      maxReceiveCount: inputMaxReceives(settings),
      encryptionKey,
    });
  return { high: lane('HighInput'), low: lane('LowInput') };
}
