import { ENGINE_DEFAULTS, type ENGINE_NUMBERS, type EngineSettings } from './engine-settings.ts';
import { CALLBACKS, WEBHOOK_EVENTS } from './settings.ts';
import {
  choice,
  choices,
  optionalSetting,
  optionalText,
  ports,
  setting,
  type VariablesOf,
  withDefault,
} from './variables.ts';

/** The numbers of an engine that its user may choose, but for the concurrency, which depends on the host. */
export type EngineNumbers = Pick<EngineSettings, Exclude<(typeof ENGINE_NUMBERS)[number], 'concurrency'>>;

/** The variables of the engine's numbers, for processes. */
export function engineVariables(): VariablesOf<EngineNumbers> {
  const own = ENGINE_DEFAULTS;
  return {
    maxAttempts: withDefault(setting('maxAttempts'), own.maxAttempts),
    retryBaseSeconds: withDefault(setting('retryBaseSeconds'), own.retryBaseSeconds),
    retryCapSeconds: withDefault(setting('retryCapSeconds'), own.retryCapSeconds),
    inlineLimitBytes: withDefault(setting('inlineLimitBytes'), own.inlineLimitBytes),
    maxPayloadBytes: withDefault(setting('maxPayloadBytes'), own.maxPayloadBytes),
    maxBufferedBytes: withDefault(setting('maxBufferedBytes'), own.maxBufferedBytes),
    maxJsonDepth: withDefault(setting('maxJsonDepth'), own.maxJsonDepth),
    recordAgeDays: withDefault(setting('recordAgeDays'), own.recordAgeDays),
    pauseSeconds: withDefault(setting('pauseSeconds'), own.pauseSeconds),
    failureRatePercent: optionalSetting('failureRatePercent'),
  };
}

/** Which webhooks a process sends, and where to. */
export type WebhookSettings = Pick<
  EngineSettings,
  'webhookDefaultUrl' | 'webhookEvents' | 'callbacks' | 'callbackPorts'
>;

/** The variables of webhooks, for processes that send them. */
export function webhookSettingVariables(): VariablesOf<WebhookSettings> {
  const own = ENGINE_DEFAULTS;
  return {
    webhookDefaultUrl: optionalText('COATCHECK_WEBHOOK_DEFAULT_URL'),
    webhookEvents: withDefault(choices('COATCHECK_WEBHOOK_EVENTS', WEBHOOK_EVENTS), own.webhookEvents),
    callbacks: withDefault(choice('COATCHECK_CALLBACKS', CALLBACKS), 'public'),
    callbackPorts: withDefault(ports('COATCHECK_CALLBACK_PORTS'), own.callbackPorts),
  };
}
