import { assertSettings, type GivenSettings } from '../core/config/assert-settings.ts';
import { ENGINE_DEFAULTS, ENGINE_NUMBERS, type EngineSettings } from '../core/config/engine-settings.ts';
import { NUMBER_SETTINGS, type NumberSettingName } from '../core/config/settings.ts';

/** The bucket of a service in memory. */
export const TEST_BUCKET = 'payloads';

const NAMES = [
  'batchSize',
  'timeoutSeconds',
  'visibilityTimeoutSeconds',
  'inputRetentionSeconds',
  ...ENGINE_NUMBERS,
] as const satisfies readonly NumberSettingName[];

/**
 * Numbers of a service in memory. Each has the meaning, the bounds and the default of a prop of `AsyncService`: see
 * docs/settings.md.
 */
export type TestSettings = GivenSettings<(typeof NAMES)[number]>;

/** The engine's settings, with that of its input queue. */
export interface QueueSettings extends EngineSettings {
  /** How long a message stays hidden after a crash. */
  readonly visibilityTimeoutSeconds: number;
}

/** The engine's settings, with those of the event source. */
export interface HostSettings extends QueueSettings {
  readonly batchSize: number;
  readonly timeoutSeconds: number;
}

/**
 * The given settings, with the defaults of a deployed service for the others.
 * @throws ConfigurationError that names every setting that is unknown or out of bounds
 */
export function hostSettings(given: TestSettings = {}): HostSettings {
  assertSettings(NAMES, given);
  const batchSize = given.batchSize ?? NUMBER_SETTINGS.batchSize.default;
  const timeoutSeconds = given.timeoutSeconds ?? NUMBER_SETTINGS.timeoutSeconds.default;
  return {
    ...ENGINE_DEFAULTS,
    serviceName: 'service',
    claimCheckSources: [TEST_BUCKET],
    concurrency: Math.min(batchSize, NUMBER_SETTINGS.concurrency.max),
    visibilityTimeoutSeconds: 6 * timeoutSeconds,
    ...given,
    batchSize,
    timeoutSeconds,
  };
}
