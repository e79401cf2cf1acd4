import { type Duration, Token } from 'aws-cdk-lib';
import { VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT } from '../core/limits.ts';
import { NUMBER_SETTINGS, type NumberSettingName, numberProblem, numberSetting } from '../core/settings.ts';
import type { AsyncServiceProps } from './async-service-props.ts';

/** Every number about a service, defaults filled in, in the units of {@link NUMBER_SETTINGS}. */
export type ServiceNumbers = Readonly<Record<Exclude<NumberSettingName, 'failureRatePercent'>, number>> & {
  readonly failureRatePercent: number | undefined;
};

type Given = number | Duration | undefined;

/** The settings whose default is a number of its own. */
type Defaulted = {
  [Name in NumberSettingName]: (typeof NUMBER_SETTINGS)[Name] extends { readonly default: number }
    ? Name
    : never;
}[NumberSettingName];

/**
 * The numbers of a service. Values only known at deployment (tokens) pass unchecked.
 * @param problems receives what is out of range, named as the props name it
 */
export function serviceNumbers(props: AsyncServiceProps, problems: string[]): ServiceNumbers {
  const optional = (name: NumberSettingName, given: Given): number | undefined => {
    const value = typeof given === 'object' ? inUnitOf(name, given) : given;
    const problem = Token.isUnresolved(value)
      ? undefined
      : numberProblem(name, value, NUMBER_SETTINGS[name].prop);
    if (value !== undefined && problem) problems.push(problem);
    return value;
  };
  const number = (name: Defaulted, given: Given): number =>
    optional(name, given) ?? NUMBER_SETTINGS[name].default;

  const { lifecycle, api } = props;
  const { pause, failureRate } = props.circuitBreaker || {};
  const batchSize = number('batchSize', props.batchSize);
  const batchWindowSeconds = number('batchWindowSeconds', props.batchWindow);
  const timeoutSeconds = number('timeoutSeconds', props.timeout);
  const inputRetentionSeconds = number('inputRetentionSeconds', props.inputRetention);
  const maxAttempts = number('maxAttempts', props.maxAttempts);
  if (Token.isUnresolved(maxAttempts)) {
    problems.push(
      'maxAttempts must be known before deployment: after how many receives SQS moves a message is computed from it',
    );
  }
  return {
    batchSize,
    batchWindowSeconds,
    timeoutSeconds,
    inputRetentionSeconds,
    maxConcurrency: number('maxConcurrency', props.maxConcurrency),
    concurrency: optional('concurrency', props.concurrency) ?? wholeBatch(batchSize),
    memoryMiB: number('memoryMiB', props.memoryMiB),
    visibilityTimeoutSeconds:
      optional('visibilityTimeoutSeconds', props.visibilityTimeout) ??
      defaultVisibilityTimeout(timeoutSeconds, batchWindowSeconds, problems),
    maxAttempts,
    retryBaseSeconds: number('retryBaseSeconds', props.retryBase),
    retryCapSeconds: number('retryCapSeconds', props.retryCap),
    pauseSeconds: number('pauseSeconds', pause),
    failureRatePercent: optional('failureRatePercent', failureRate),
    inlineLimitBytes: number('inlineLimitBytes', props.inlineLimitBytes),
    maxPayloadBytes: number('maxPayloadBytes', props.maxPayloadBytes),
    maxBufferedBytes: number('maxBufferedBytes', props.maxBufferedBytes),
    maxJsonDepth: number('maxJsonDepth', props.maxJsonDepth),
    outputRetentionSeconds:
      optional('outputRetentionSeconds', props.outputRetention) ?? inputRetentionSeconds,
    outputVisibilityTimeoutSeconds: number('outputVisibilityTimeoutSeconds', props.outputVisibilityTimeout),
    outputMaxReceiveCount: number('outputMaxReceiveCount', props.outputMaxReceiveCount),
    uploadAgeDays: number('uploadAgeDays', lifecycle?.uploads),
    resultAgeDays: number('resultAgeDays', lifecycle?.results),
    disposableAgeDays: number('disposableAgeDays', lifecycle?.disposableCopies),
    replacedUploadAgeDays: number('replacedUploadAgeDays', lifecycle?.replacedUploads),
    incompleteUploadAgeDays: number('incompleteUploadAgeDays', lifecycle?.incompleteUploads),
    recordAgeDays: number('recordAgeDays', props.recordRetention),
    oldestRequestAlarmSeconds: number('oldestRequestAlarmSeconds', props.oldestRequestAlarm),
    maxWaitSeconds: number('maxWaitSeconds', api?.maxWait),
    tenantSharePercent: number('tenantSharePercent', api?.tenantShare),
  };
}

/** As many as there are, as far as one process can. */
function wholeBatch(batchSize: number): number {
  const { max } = NUMBER_SETTINGS.concurrency;
  return Token.isUnresolved(batchSize) ? max : Math.min(batchSize, max);
}

/** Fractions stay, so that the check can refuse them in our words. */
function inUnitOf(name: NumberSettingName, duration: Duration): number {
  const { unit } = numberSetting(name);
  return unit === 'days' ? duration.toDays({ integral: false }) : duration.toSeconds({ integral: false });
}

/** As Lambda asks for it: room to try again when an invocation is throttled, and for the batch to fill. */
function defaultVisibilityTimeout(timeout: number, batchWindow: number, problems: string[]): number {
  if (Token.isUnresolved(timeout) || Token.isUnresolved(batchWindow)) {
    problems.push('visibilityTimeout must be given where timeout or batchWindow is only known at deployment');
  }
  return VISIBILITY_TIMEOUTS_PER_FUNCTION_TIMEOUT * timeout + batchWindow;
}
