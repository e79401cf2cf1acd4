import { Stack, Token } from 'aws-cdk-lib';
import { type IFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT } from '../../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { ANYTHING, either, having, listOf, objectOf, required, TEXT } from '../../core/config/shape.ts';
import { patternsOverlap } from '../../core/model/topic.ts';
import type { OutcomeSubscriptionProps } from '../outcome-subscription-props.ts';
import type { OutcomeTopic } from '../outcome-topic.ts';
import { assertProps, invalidProps } from './assert-props.ts';
import { OUTPUT_QUEUE } from './async-service-problems.ts';
import { KEY, propsProblems, SERVICE, TOPIC } from './cdk-shapes.ts';
import { type FilterPolicy, filterPolicyOf, selectionProblems } from './filter-policy.ts';
import type { OutputQueueProps } from './output-props.ts';
import { placeProblems } from './place-problems.ts';
import { checkedNumber } from './service-numbers.ts';
import { subscribedQueueProblems } from './subscribed-queue-problems.ts';

/** The statuses have a check of their own. */
const PROPS = objectOf<OutcomeSubscriptionProps>({
  service: required(SERVICE),
  topics: listOf(TEXT),
  statuses: listOf(ANYTHING),
  tenants: listOf(TEXT),
  target: either(
    having('functionArn', 'a function of the CDK'),
    OUTPUT_QUEUE,
    'an SQS queue or a function of the CDK, or an object with settings',
  ),
  encryptionKey: KEY,
  alarmTopic: TOPIC,
});

/** Lambda's longest timeout, for a function whose timeout is unknown. */
const MAX_TIMEOUT_SECONDS = NUMBER_SETTINGS.timeoutSeconds.max;

const DAY_SECONDS = 86_400;

/** All settings of a subscription: its props with defaults. */
export interface SubscriptionSettings {
  readonly outcomes: OutcomeTopic;
  readonly filterPolicy: FilterPolicy | undefined;
  /** The existing queue that receives outcomes; undefined if the subscription creates one. */
  readonly existingQueue: IQueue | undefined;
  /** Invoked with the outcomes; undefined if they are polled. */
  readonly function: IFunction | undefined;
  readonly retentionSeconds: number;
  readonly visibilityTimeoutSeconds: number;
  readonly maxReceiveCount: number;
}

/**
 * The settings of a subscription.
 * @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value
 */
export function subscriptionSettings(
  subscription: Construct,
  props: OutcomeSubscriptionProps,
): SubscriptionSettings {
  const { path } = subscription.node;
  assertProps(path, propsProblems(PROPS, props));
  const { service, target = {} } = props;
  const { outcomes } = service;
  const existingQueue = 'queueArn' in target ? target : undefined;
  const invoked = 'functionArn' in target ? target : undefined;
  const options: OutputQueueProps = 'queueArn' in target || 'functionArn' in target ? {} : target;
  const problems = [
    ...(outcomes ? [] : [`service must have output: { fanOut: true }, got ${service.node.path} without it`]),
    // SNS takes a dead-letter queue in the account and region of its topic only.
    ...placeProblems(service, 'The subscription', { env: Stack.of(subscription) }),
    ...selectionProblems(props),
    ...(existingQueue ? subscribedQueueProblems(subscription, 'target', existingQueue) : []),
    ...(invoked ? roleProblems(invoked) : []),
    ...(existingQueue && outcomes ? orderProblems(existingQueue, outcomes) : []),
  ];
  const { inputRetentionSeconds, outputVisibilityTimeoutSeconds, outputMaxReceiveCount } = NUMBER_SETTINGS;
  const retentionSeconds =
    checkedNumber('outputRetentionSeconds', options.retention, 'target.retention', problems) ??
    inputRetentionSeconds.default;
  const visibilityTimeoutSeconds = checkedNumber(
    'outputVisibilityTimeoutSeconds',
    options.visibilityTimeout,
    'target.visibilityTimeout',
    problems,
  );
  const maxReceiveCount = checkedNumber(
    'outputMaxReceiveCount',
    options.maxReceiveCount,
    'target.maxReceiveCount',
    problems,
  );
  if (outcomes && !existingQueue) problems.push(...retentionProblems(retentionSeconds, outcomes));
  if (!outcomes || problems.length > 0) throw invalidProps(path, problems);
  return {
    outcomes,
    filterPolicy: filterPolicyOf(props),
    existingQueue,
    function: invoked,
    retentionSeconds,
    visibilityTimeoutSeconds:
      visibilityTimeoutSeconds ?? (invoked ? visibilityFor(invoked) : outputVisibilityTimeoutSeconds.default),
    maxReceiveCount: maxReceiveCount ?? outputMaxReceiveCount.default,
  };
}

/** Problems with topics that no processor of the service is for. They are known when all processors are added. */
export function unmatchedTopicProblems({ topics = [], service }: OutcomeSubscriptionProps): string[] {
  const known = service.topics;
  return topics
    .map((pattern, index) => ({ pattern, index }))
    .filter(({ pattern }) => !known.some((other) => patternsOverlap(pattern, other)))
    .map(
      ({ pattern, index }) =>
        `topics[${index}] must match a topic that ${service.node.path} is for (${known.join(', ')}), got ${pattern}: it would receive nothing`,
    );
}

/** SNS delivers the messages of a standard topic to standard queues only. A standard queue would lose the order. */
function orderProblems({ fifo, node }: IQueue, { settings }: OutcomeTopic): string[] {
  if (settings.keepsOrder === fifo) return [];
  return settings.keepsOrder
    ? [
        `target must be a FIFO queue, since the service has order: 'fifo', got the standard queue ${node.path}`,
      ]
    : [`target must be a standard queue, since the service has no order, got the FIFO queue ${node.path}`];
}

/** Lambda polls the queue with the role of the function. */
function roleProblems({ role, node }: IFunction): string[] {
  if (role) return [];
  return [
    `target must be a function with a known role, got the imported function ${node.path}: import it by Function.fromFunctionAttributes with its role`,
  ];
}

/** A result must last as long as the outcomes that refer to it. */
function retentionProblems(retentionSeconds: number, { settings }: OutcomeTopic): string[] {
  const most = settings.resultAgeDays * DAY_SECONDS;
  if (Token.isUnresolved(retentionSeconds) || Token.isUnresolved(most) || retentionSeconds <= most) return [];
  return [
    `target.retention must be at most ${most} seconds (the payloads.lifecycle.results of the service), got ${retentionSeconds}`,
  ];
}

/** Lambda asks for six timeouts. It takes no queue with less than one, and the timeout of an imported function is unknown. */
function visibilityFor(invoked: IFunction): number {
  const timeout = invoked instanceof LambdaFunction ? invoked.timeout : undefined;
  return timeout ? VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT * timeout.toSeconds() : MAX_TIMEOUT_SECONDS;
}
