import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { subscriptionsIn } from '../storage/queue-subscription.ts';
import type { ServiceStorage } from '../storage/service-storage.ts';
import { loopProblems } from './loops.ts';
import type { Prefixes } from './prefixes.ts';
import { sharedBucketProblems } from './shared-buckets.ts';
import { sharedQueueProblems } from './shared-queues.ts';

/** A service of an app. */
export interface ServiceInApp {
  readonly service: IConstruct & { readonly inputQueue: IQueue };
  readonly storage: ServiceStorage;
  readonly prefixes: Prefixes;
  /** Whether it was added to another one, whose bucket it uses. */
  readonly isBehind: boolean;
}

/**
 * Problems of a service with the others of its app: outcomes that become requests again, and queues and buckets of several services.
 * @param all the services of the app with itself, in the order of their constructs
 */
export function appProblems(service: IConstruct, all: readonly ServiceInApp[]): string[] {
  const own = all.find((each) => each.service === service);
  return own ? [...loopsOf(own, all), ...queueProblems(own, all), ...bucketProblems(own, all)] : [];
}

function loopsOf({ service, storage }: ServiceInApp, all: readonly ServiceInApp[]): string[] {
  const links = all.map((each) => ({
    inputQueue: each.service.inputQueue,
    outputQueues: outputQueuesOf(each),
    path: each.service.node.path,
  }));
  const what = storage.outcomes ? 'output.queue and the targets of subscriptions' : 'output.queue';
  return loopProblems(service.node.path, links, what);
}

/** The queues that outcomes come to, including those of subscriptions. */
function outputQueuesOf({ service, storage }: ServiceInApp): IQueue[] {
  const topicArn = storage.outcomes?.topic.topicArn;
  if (topicArn === undefined) return storage.output ? [storage.output.queue] : [];
  return subscriptionsIn(service)
    .filter(({ topic }) => topic.topicArn === topicArn)
    .map(({ queue }) => queue);
}

function queueProblems({ service }: ServiceInApp, all: readonly ServiceInApp[]): string[] {
  return sharedQueueProblems(
    service,
    all.map((each) => each.service),
  );
}

function bucketProblems(own: ServiceInApp, all: readonly ServiceInApp[]): string[] {
  if (own.isBehind) return [];
  const users = all.filter(({ isBehind }) => !isBehind);
  const userOf = ({ service, storage, prefixes }: ServiceInApp) => ({
    service,
    bucket: storage.payloadBucket,
    prefixes,
  });
  return sharedBucketProblems(userOf(own), users.slice(0, users.indexOf(own)).map(userOf));
}
