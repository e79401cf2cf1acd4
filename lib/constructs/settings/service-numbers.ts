import { type Duration, type Size, SizeRoundingBehavior, Token } from 'aws-cdk-lib';
import { POLLER_BATCHES, VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT } from '../../core/config/aws-limits.ts';
import { eventSourceScaling, type Pollers } from '../../core/config/event-source-scaling.ts';
import {
  NUMBER_SETTINGS,
  type NumberSettingName,
  numberProblem,
  numberSetting,
} from '../../core/config/settings.ts';
import { WORKER_VISIBILITY_SECONDS } from '../../core/config/worker-environment.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { inputQueuePath, statedQueue } from './existing-input-queue.ts';
import { fargateSettings } from './fargate-settings.ts';
import { newOutputQueue, outputOf } from './output-queue.ts';

/** The settings that are off unless they are set. */
type Optional =
  | 'auditIntervalSeconds'
  | 'failureRatePercent'
  | 'highMaxConcurrency'
  | 'lowMaxConcurrency'
  | 'reservedConcurrency';

/** The settings of provisioned pollers: both or neither are set. */
type PollerSetting = 'minPollers' | 'maxPollers';

/** All numeric settings of a service with defaults, in the units of {@link NUMBER_SETTINGS}. */
export type ServiceNumbers = Readonly<
  Record<Exclude<NumberSettingName, Optional | PollerSetting>, number> & Record<Optional, number | undefined>
> & {
  /** The provisioned pollers; undefined without them. `maxConcurrency` is the number of batches that they run. */
  readonly pollers: Pollers | undefined;
};

type Given = number | Duration | Size | undefined;

/**
 * A setting in the unit of {@link NUMBER_SETTINGS}.
 * @param path of its prop
 * @param problems receives a message for a value out of range
 */
export function checkedNumber(
  name: NumberSettingName,
  given: Given,
  path: string,
  problems: string[],
): number | undefined {
  const value = typeof given === 'object' ? inUnitOf(name, given) : given;
  const problem = Token.isUnresolved(value) ? undefined : numberProblem(name, value, path);
  if (value !== undefined && problem) problems.push(problem);
  return value;
}

/** The settings with a constant default. */
type Defaulted = {
  [Name in NumberSettingName]: (typeof NUMBER_SETTINGS)[Name] extends { readonly default: number }
    ? Name
    : never;
}[NumberSettingName];

/**
 * The numeric settings of a service. Values that are only known at deployment (tokens) aren't checked.
 * @param problems receives a message for every value out of range
 */
export function serviceNumbers(props: AsyncServiceProps, problems: string[]): ServiceNumbers {
  const optional = (
    name: NumberSettingName,
    given: Given,
    path: string = NUMBER_SETTINGS[name].prop,
  ): number | undefined => checkedNumber(name, given, path, problems);
  const number = (name: Defaulted, given: Given, path?: string): number =>
    optional(name, given, path) ?? NUMBER_SETTINGS[name].default;

  const { queue, retry, payloads, records, observability, api, circuitBreaker, release } = props;
  const { lifecycle } = payloads ?? {};
  const output = newOutputQueue(props);
  const fargate = props.host?.fargate && fargateSettings(props.host.fargate);
  const batchSize = number('batchSize', queue?.batchSize);
  const batchWindowSeconds = number('batchWindowSeconds', queue?.batchWindow);
  const timeoutSeconds = number('timeoutSeconds', props.function?.timeout);
  const stated = statedQueue(queue);
  const queuePath = inputQueuePath(queue);
  const inputRetentionSeconds = number(
    'inputRetentionSeconds',
    stated?.retentionSeconds ?? queue?.retention,
    `${queuePath}.retention`,
  );
  const maxAttempts = number('maxAttempts', retry?.maxAttempts);
  if (Token.isUnresolved(maxAttempts)) {
    problems.push(
      'retry.maxAttempts must be known before deployment: the maxReceiveCount of the input queue is computed from it',
    );
  }
  const pollers = queue?.pollers;
  if (pollers) {
    optional('minPollers', pollers.min);
    optional('maxPollers', pollers.max);
    problems.push(...pollerProblems(pollers, queue.maxConcurrency));
  }
  return {
    batchSize,
    batchWindowSeconds,
    timeoutSeconds,
    inputRetentionSeconds,
    pollers,
    maxConcurrency: pollers
      ? eventSourceScaling({ pollers }).maxBatches
      : number('maxConcurrency', queue?.maxConcurrency),
    highMaxConcurrency: queue?.lanes && number('highMaxConcurrency', queue.lanes.highMaxConcurrency),
    lowMaxConcurrency: queue?.lanes && number('lowMaxConcurrency', queue.lanes.lowMaxConcurrency),
    concurrency:
      fargate?.concurrency ??
      optional('concurrency', props.function?.requestConcurrency) ??
      wholeBatch(batchSize),
    memoryMiB: number('memoryMiB', props.function?.memoryMiB),
    reservedConcurrency: optional('reservedConcurrency', props.function?.reservedConcurrency),
    ephemeralStorageMiB: number('ephemeralStorageMiB', props.function?.ephemeralStorage),
    visibilityTimeoutSeconds: fargate
      ? WORKER_VISIBILITY_SECONDS
      : (optional(
          'visibilityTimeoutSeconds',
          stated?.visibilityTimeoutSeconds ?? queue?.visibilityTimeout,
          `${queuePath}.visibilityTimeout`,
        ) ?? defaultVisibilityTimeout(timeoutSeconds, batchWindowSeconds, problems)),
    maxAttempts,
    retryBaseSeconds: number('retryBaseSeconds', retry?.baseDelay),
    retryCapSeconds: number('retryCapSeconds', retry?.maxDelay),
    pauseSeconds: number('pauseSeconds', circuitBreaker?.pause),
    failureRatePercent: optional('failureRatePercent', circuitBreaker?.failureRate),
    minReleaseSuccessPercent: number('minReleaseSuccessPercent', release?.minSuccessRate),
    inlineLimitBytes: number('inlineLimitBytes', outputOf(props).inlineLimitBytes),
    maxPayloadBytes: number('maxPayloadBytes', payloads?.maxBytes),
    maxBufferedBytes: number('maxBufferedBytes', payloads?.maxBufferedBytes),
    maxJsonDepth: number('maxJsonDepth', payloads?.maxJsonDepth),
    outputRetentionSeconds: optional('outputRetentionSeconds', output?.retention) ?? inputRetentionSeconds,
    outputVisibilityTimeoutSeconds: number('outputVisibilityTimeoutSeconds', output?.visibilityTimeout),
    outputMaxReceiveCount: number('outputMaxReceiveCount', output?.maxReceiveCount),
    uploadAgeDays: number('uploadAgeDays', lifecycle?.uploads),
    resultAgeDays: number('resultAgeDays', lifecycle?.results),
    consumerCopyAgeDays: number('consumerCopyAgeDays', lifecycle?.consumerCopies),
    replacedUploadAgeDays: number('replacedUploadAgeDays', lifecycle?.replacedUploads),
    incompleteUploadAgeDays: number('incompleteUploadAgeDays', lifecycle?.incompleteUploads),
    recordAgeDays: number('recordAgeDays', records?.retention),
    oldestRequestAlarmSeconds: number('oldestRequestAlarmSeconds', observability?.oldestRequestAlarm),
    auditIntervalSeconds: optional('auditIntervalSeconds', observability?.audit?.every),
    maxWaitSeconds: number('maxWaitSeconds', api?.maxWait),
    tenantSharePercent: number('tenantSharePercent', api?.tenantShare),
  };
}

/** The prop that limits how many batches are processed concurrently. */
export function concurrencyProp({ pollers }: Pick<ServiceNumbers, 'pollers'>): string {
  return pollers ? NUMBER_SETTINGS.maxPollers.prop : NUMBER_SETTINGS.maxConcurrency.prop;
}

function pollerProblems({ min, max }: Pollers, maxConcurrency: number | undefined): string[] {
  const problems: string[] = [];
  if (Token.isUnresolved(min) || Token.isUnresolved(max)) {
    problems.push(
      'queue.pollers must be known before deployment: the concurrency of the service is computed from it',
    );
  }
  if (maxConcurrency !== undefined) {
    problems.push(
      `queue.maxConcurrency must not be set if queue.pollers is, got ${maxConcurrency}: ` +
        `Lambda accepts one of them. queue.pollers.max limits the concurrency to ${POLLER_BATCHES} batches a poller`,
    );
  }
  return problems;
}

/** The whole batch, up to the maximum of one process. */
function wholeBatch(batchSize: number): number {
  const { max } = NUMBER_SETTINGS.concurrency;
  return Token.isUnresolved(batchSize) ? max : Math.min(batchSize, max);
}

/** Keeps fractions, so that the check reports them with the path of the prop. */
function inUnitOf(name: NumberSettingName, given: Duration | Size): number {
  if ('toMebibytes' in given) return given.toMebibytes({ rounding: SizeRoundingBehavior.NONE });
  const { unit } = numberSetting(name);
  return unit === 'days' ? given.toDays({ integral: false }) : given.toSeconds({ integral: false });
}

/** The value that AWS recommends: it leaves time to retry throttled invocations and for the batch to fill. */
function defaultVisibilityTimeout(timeout: number, batchWindow: number, problems: string[]): number {
  if (Token.isUnresolved(timeout) || Token.isUnresolved(batchWindow)) {
    problems.push(
      'queue.visibilityTimeout must be set if function.timeout or queue.batchWindow is only known at deployment',
    );
  }
  return VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT * timeout + batchWindow;
}
