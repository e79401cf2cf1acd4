import {
  DEFAULT_CALLBACK_PORTS,
  DEFAULT_CONSUMER_COPY_PREFIX,
  DEFAULT_OUTPUT_FORMAT,
  DEFAULT_RESULT_PREFIX,
  DEFAULT_WEBHOOK_EVENTS,
  NUMBER_SETTINGS,
} from '../../lib/core/config/settings.ts';
import type { EngineSettings } from '../../lib/core/engine/engine-settings.ts';

/** A service's defaults, for a service whose payload bucket is `payloads`. */
export function engineSettings(given: Partial<EngineSettings> = {}): EngineSettings {
  return {
    serviceName: 'service',
    resultPrefix: DEFAULT_RESULT_PREFIX,
    consumerCopyPrefix: DEFAULT_CONSUMER_COPY_PREFIX,
    claimCheckSources: ['payloads'],
    outputFormat: DEFAULT_OUTPUT_FORMAT,
    concurrency: NUMBER_SETTINGS.batchSize.default,
    visibilityTimeoutSeconds: 6 * NUMBER_SETTINGS.timeoutSeconds.default,
    inputRetentionSeconds: NUMBER_SETTINGS.inputRetentionSeconds.default,
    maxAttempts: NUMBER_SETTINGS.maxAttempts.default,
    retryBaseSeconds: 2,
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
  };
}
