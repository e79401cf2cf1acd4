import { Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ENGINE_DEFAULTS } from '../../core/config/engine-settings.ts';
import type { Limit } from '../../core/config/limits.ts';
import { hasOrder } from '../../core/config/min-version.ts';
import { recordMetadataProblem } from '../../core/config/record-metadata.ts';
import {
  DEFAULT_OUTPUT_FORMAT,
  ON_EXHAUSTED,
  type OnExhausted,
  type SqsOutputFormat,
} from '../../core/config/settings.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import type { Tracing } from '../observability/tracing.ts';
import { apiProblems } from './api-problems.ts';
import { assertProps } from './assert-props.ts';
import { asyncServiceProblems } from './async-service-problems.ts';
import { existingQueueProblems, inputQueuePath } from './existing-input-queue.ts';
import { fanOutProblems } from './fan-out-problems.ts';
import { type FargateSettings, fargateProblems, fargateSettings } from './fargate-settings.ts';
import { functionProblems } from './function-problems.ts';
import { laneProblems } from './lane-problems.ts';
import { limitProblems } from './limit-problems.ts';
import { numberConflicts } from './number-conflicts.ts';
import { keepsOrder, orderProblems } from './order-problems.ts';
import { outputOf } from './output-queue.ts';
import { payloadBucketProblems } from './payload-bucket-problems.ts';
import { type Prefixes, prefixesOf, prefixProblems } from './prefixes.ts';
import { type ServiceNumbers, serviceNumbers } from './service-numbers.ts';
import { sourceProblems } from './source-problems.ts';
import { textProblems } from './text-problems.ts';
import { topicProblems } from './topic-problems.ts';
import { type WebhookSettings, webhookProblems, webhookSettings } from './webhook-settings.ts';

/** All settings of a service: its props with defaults. */
export interface ServiceSettings extends ServiceNumbers, WebhookSettings {
  readonly prefixes: Prefixes;
  readonly serviceName: string;
  /** Whether requests with one ordering key run one after another. */
  readonly keepsOrder: boolean;
  /** Whether there are queues for requests of high and of low priority. */
  readonly hasLanes: boolean;
  readonly onExhausted: OnExhausted;
  /** The patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** Limits of the requests that share a key. */
  readonly limits: readonly Limit[];
  /** The keys of metadata that records keep. */
  readonly recordMetadata: readonly string[];
  /** Whether the versions of the processor have an order, so that requests may ask for one. */
  readonly acceptsMinVersion: boolean;
  /** What the app calls the processor's code; undefined if it doesn't. */
  readonly handlerVersion: string | undefined;
  readonly outputFormat: SqsOutputFormat;
  /** Whether the processor measures its load. */
  readonly measureLoad: boolean;
  /** Whether the processor publishes metrics. */
  readonly metrics: boolean;
  /** Where the functions send spans; absent where nowhere. */
  readonly tracing: Tracing | undefined;
  /** Undefined on Lambda. */
  readonly fargate: FargateSettings | undefined;
}

/**
 * The settings of a service.
 * @throws ConfigurationError that lists every invalid prop with its path, the allowed values and the actual value
 */
export function serviceSettings(service: Construct, props: AsyncServiceProps): ServiceSettings {
  assertProps(service.node.path, asyncServiceProblems(props));
  const problems: string[] = [];
  const numbers = serviceNumbers(props, problems);
  const prefixes = prefixesOf(props);
  problems.push(
    ...numberConflicts(numbers, inputQueuePath(props.queue)),
    ...prefixProblems(prefixes),
    ...textProblems(props),
  );
  problems.push(
    ...existingQueueProblems(service, props.queue, { ...numbers, keepsOrder: keepsOrder(props) }),
  );
  problems.push(
    ...orderProblems(props),
    ...laneProblems(props),
    ...topicProblems(props.topics),
    ...limitProblems(props),
    ...recordProblems(props),
  );
  problems.push(...sourceProblems(props.queue), ...fanOutProblems(service, props));
  problems.push(...payloadBucketProblems(service, props.payloads?.bucket));
  problems.push(...functionProblems(props.function));
  problems.push(...apiProblems(props, numbers), ...webhookProblems(props.webhooks, props.api !== undefined));
  problems.push(...fargateProblems(props));
  assertProps(service.node.path, problems);
  return {
    ...numbers,
    ...webhookSettings(props.webhooks),
    prefixes,
    keepsOrder: keepsOrder(props),
    hasLanes: props.queue?.lanes !== undefined,
    onExhausted: props.retry?.onExhausted ?? ON_EXHAUSTED[0],
    topics: props.topics ?? ENGINE_DEFAULTS.topics,
    limits: props.limits ?? ENGINE_DEFAULTS.limits,
    recordMetadata: props.records?.metadata ?? ENGINE_DEFAULTS.recordMetadata,
    serviceName: props.serviceName ?? service.node.path.replace(/[^\w./-]/g, '-'),
    handlerVersion: props.version,
    acceptsMinVersion: hasOrderedVersions(props),
    outputFormat: outputOf(props).format ?? DEFAULT_OUTPUT_FORMAT,
    measureLoad: props.api !== undefined,
    metrics: props.observability?.metrics ?? true,
    tracing: props.observability?.tracing,
    fargate: props.host?.fargate && fargateSettings(props.host.fargate),
  };
}

/** Without a name, each release publishes a version with a number. A name that is unknown until deployment may have an order. */
function hasOrderedVersions({ version, release }: AsyncServiceProps): boolean {
  if (version === undefined) return release !== undefined;
  return Token.isUnresolved(version) || hasOrder(version);
}

function recordProblems({ records: { metadata } = {} }: AsyncServiceProps): string[] {
  if (metadata === undefined) return [];
  const problem = recordMetadataProblem('records.metadata', metadata);
  return problem === undefined ? [] : [problem];
}
