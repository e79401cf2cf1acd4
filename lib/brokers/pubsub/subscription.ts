import type { protos } from '@google-cloud/pubsub-api';
import { ConfigurationError } from '../../core/base/errors.ts';
import { neededReceivesOf } from '../../core/config/receive-budget.ts';
import type { Logger } from '../../core/ports/telemetry.ts';
import { describeResource } from './client.ts';
import { gcloud, type PubSubResource } from './url.ts';

export type Subscription = protos.google.pubsub.v1.ISubscription;

/** The topic of a subscription whose topic was deleted. */
const DELETED_TOPIC = '_deleted-topic_';

/** @see https://cloud.google.com/pubsub/docs/handling-failures#dead_letter_topic */
const MAX_DELIVERY_ATTEMPTS = 100;

/** The service's default, when a subscription doesn't say it, and what leaves room for three extensions that fail. */
const DEFAULT_ACK_DEADLINE_SECONDS = 10;
const GOOD_ACK_DEADLINE_SECONDS = 60;

const DAY_SECONDS = 86_400;
const DEFAULT_EXPIRATION_SECONDS = 31 * DAY_SECONDS;

/** What of a subscription the input queue needs. */
export interface SubscriptionSettings {
  readonly ackDeadlineSeconds: number;
  /** After how many deliveries the service dead-letters by itself; undefined if it doesn't, nor counts them. */
  readonly maxDeliveries: number | undefined;
}

/** What a subscription must allow. */
export interface SubscriptionDemands {
  /** Attempts of a request. */
  readonly maxAttempts: number;
  /** Whether the order of messages with one ordering key is to be kept. @default false */
  readonly ordered?: boolean;
}

/**
 * Checks a subscription.
 * @throws ConfigurationError if it would lose messages or their order, or deliver none: says what to change
 */
export function checkSubscription(
  resource: PubSubResource,
  subscription: Subscription,
  { maxAttempts, ordered = false }: SubscriptionDemands,
): SubscriptionSettings {
  const problems: string[] = [];
  const update = (options: string) => gcloud(resource, 'update', options);
  const { deadLetterPolicy } = subscription;
  if (subscription.pushConfig?.pushEndpoint) {
    problems.push(
      `pushes messages to an endpoint: make it a pull subscription: ${gcloud(resource, 'modify-push-config', '--push-endpoint=')}`,
    );
  }
  if (subscription.bigqueryConfig || subscription.cloudStorageConfig || subscription.bigtableConfig) {
    problems.push('exports its messages to another service: create a pull subscription for the worker');
  }
  if (subscription.filter) {
    problems.push(
      `has the filter ${subscription.filter}, which drops messages, and filters can't be changed: create a subscription without one`,
    );
  }
  if (ordered && !subscription.enableMessageOrdering) {
    const topic = `--topic=${subscription.topic} --enable-message-ordering`;
    problems.push(
      `has no message ordering, which can't be turned on: create another one: ${gcloud({ ...resource, name: 'NAME' }, 'create', topic)}`,
    );
  }
  if (subscription.detached) problems.push('is detached from its topic: create another one');
  if (deadLetterPolicy) {
    const attempts = deadLetterPolicy.maxDeliveryAttempts ?? 0;
    const needed = neededReceivesOf(maxAttempts);
    if (attempts < needed) {
      const raise =
        needed > MAX_DELIVERY_ATTEMPTS
          ? ''
          : `allow at least ${needed}: ${update(`--max-delivery-attempts=${needed}`)}, or `;
      problems.push(
        `moves a message to its dead-letter topic after ${attempts} deliveries, before the worker's ${maxAttempts} attempts are used up: ${raise}remove the policy, since the worker dead-letters by itself: ${update('--clear-dead-letter-policy')}`,
      );
    }
  }
  if (problems.length > 0) {
    throw new ConfigurationError(`${describeResource(resource)} ${problems.join('; it ')}`);
  }
  return {
    ackDeadlineSeconds: subscription.ackDeadlineSeconds || DEFAULT_ACK_DEADLINE_SECONDS,
    maxDeliveries: deadLetterPolicy ? (deadLetterPolicy.maxDeliveryAttempts ?? 0) : undefined,
  };
}

/** Says at start what the subscription doesn't keep, and what delays its messages. */
export function logSubscriptionGuarantee(
  logger: Logger,
  resource: PubSubResource,
  subscription: Subscription,
): void {
  const { expirationPolicy, retryPolicy } = subscription;
  const update = (options: string) => gcloud(resource, 'update', options);
  const retention = secondsOf(subscription.messageRetentionDuration);
  // Without a policy the default applies; a policy without a time says never.
  const expiration = expirationPolicy ? secondsOf(expirationPolicy.ttl) : DEFAULT_EXPIRATION_SECONDS;
  const ackDeadline = subscription.ackDeadlineSeconds || DEFAULT_ACK_DEADLINE_SECONDS;
  const losses = [
    retention > 0 &&
      `messages are deleted after ${days(retention)}, processed or not: ${update('--message-retention-duration=31d')} is the longest time`,
    expiration > 0 &&
      `the subscription is deleted with its messages when no worker was connected for ${days(expiration)}: ${update('--expiration-period=never')}`,
    (subscription.messageTransforms ?? []).length > 0 && 'its message transforms may drop messages',
    subscription.topic === DELETED_TOPIC && 'its topic was deleted: it gets no new messages',
  ].filter((loss) => loss !== false);
  const hints = [
    ackDeadline < GOOD_ACK_DEADLINE_SECONDS &&
      `its ack deadline of ${ackDeadline} s is short: a message that a slow network doesn't extend in time is delivered twice. Better: ${update(`--ack-deadline=${GOOD_ACK_DEADLINE_SECONDS}`)}`,
    retryPolicy &&
      `its retry policy delays each retry by up to ${secondsOf(retryPolicy.maximumBackoff)} s more: ${update('--clear-retry-policy')}`,
    subscription.retainAckedMessages &&
      `acknowledged messages are kept and paid for: ${update('--no-retain-acked-messages')}`,
  ].filter((hint) => typeof hint === 'string');
  logger.info(`${describeResource(resource)} can lose messages in these cases`, {
    losses,
    ...(hints.length > 0 && { hints }),
  });
}

function days(seconds: number): string {
  return seconds % DAY_SECONDS === 0 ? `${seconds / DAY_SECONDS} days` : `${seconds} s`;
}

/** 0 if there is none. */
function secondsOf(duration: protos.google.protobuf.IDuration | null | undefined): number {
  return Number(duration?.seconds ?? 0);
}
