import { ConfigurationError } from '../core/base/errors.ts';
import type { EngineSettings } from '../core/config/engine-settings.ts';
import {
  DEFAULT_CALLBACK_PORTS,
  DEFAULT_CONSUMER_COPY_PREFIX,
  DEFAULT_OUTPUT_FORMAT,
  DEFAULT_RESULT_PREFIX,
  DEFAULT_WEBHOOK_EVENTS,
  NUMBER_SETTINGS,
  type NumberSettingName,
  numberProblem,
} from '../core/config/settings.ts';

/** The bucket of a service in memory. */
export const TEST_BUCKET = 'payloads';

const NAMES = [
  'batchSize',
  'concurrency',
  'timeoutSeconds',
  'visibilityTimeoutSeconds',
  'inputRetentionSeconds',
  'maxAttempts',
  'retryBaseSeconds',
  'retryCapSeconds',
  'pauseSeconds',
  'failureRatePercent',
  'inlineLimitBytes',
  'maxPayloadBytes',
  'maxBufferedBytes',
  'maxJsonDepth',
  'recordAgeDays',
] as const satisfies readonly NumberSettingName[];

/**
 * Numbers of a service in memory. Each has the meaning, the bounds and the default of a prop of `AsyncService`: see
 * docs/settings.md.
 */
export type TestSettings = { readonly [Name in (typeof NAMES)[number]]?: number };

/** The engine's settings, with those of the event source. */
export interface HostSettings extends EngineSettings {
  readonly batchSize: number;
  readonly timeoutSeconds: number;
}

/**
 * The defaults of a deployed service, but for what is given.
 * @throws ConfigurationError that names every setting that is unknown or out of bounds
 */
export function hostSettings(given: TestSettings = {}): HostSettings {
  const problems = Object.entries(given).flatMap(([name, value]) => problemOf(name, value) ?? []);
  if (problems.length > 0) throw new ConfigurationError(`settings: ${problems.join('; ')}`);
  const batchSize = given.batchSize ?? NUMBER_SETTINGS.batchSize.default;
  const timeoutSeconds = given.timeoutSeconds ?? NUMBER_SETTINGS.timeoutSeconds.default;
  return {
    serviceName: 'service',
    resultPrefix: DEFAULT_RESULT_PREFIX,
    consumerCopyPrefix: DEFAULT_CONSUMER_COPY_PREFIX,
    claimCheckSources: [TEST_BUCKET],
    outputFormat: DEFAULT_OUTPUT_FORMAT,
    concurrency: Math.min(batchSize, NUMBER_SETTINGS.concurrency.max),
    visibilityTimeoutSeconds: 6 * timeoutSeconds,
    inputRetentionSeconds: NUMBER_SETTINGS.inputRetentionSeconds.default,
    maxAttempts: NUMBER_SETTINGS.maxAttempts.default,
    retryBaseSeconds: NUMBER_SETTINGS.retryBaseSeconds.default,
    retryCapSeconds: NUMBER_SETTINGS.retryCapSeconds.default,
    pauseSeconds: NUMBER_SETTINGS.pauseSeconds.default,
    failureRatePercent: undefined,
    inlineLimitBytes: NUMBER_SETTINGS.inlineLimitBytes.default,
    maxPayloadBytes: NUMBER_SETTINGS.maxPayloadBytes.default,
    maxBufferedBytes: NUMBER_SETTINGS.maxBufferedBytes.default,
    maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default,
    webhookDefaultUrl: '',
    webhookEvents: DEFAULT_WEBHOOK_EVENTS,
    callbacks: 'off',
    callbackPorts: DEFAULT_CALLBACK_PORTS,
    recordAgeDays: NUMBER_SETTINGS.recordAgeDays.default,
    ...given,
    batchSize,
    timeoutSeconds,
  };
}

function problemOf(name: string, value: unknown): string | undefined {
  const known = NAMES.find((each) => each === name);
  if (!known) return `${name} is none of ${NAMES.join(', ')}`;
  return value === undefined ? undefined : numberProblem(known, value, name);
}
