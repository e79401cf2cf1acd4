import type { Limit } from './limits.ts';
import {
  type Callbacks,
  DEFAULT_CALLBACK_PORTS,
  DEFAULT_CONSUMER_COPY_PREFIX,
  DEFAULT_OUTPUT_FORMAT,
  DEFAULT_RESULT_PREFIX,
  DEFAULT_WEBHOOK_EVENTS,
  NUMBER_SETTINGS,
  type NumberSettingName,
  type OnExhausted,
  type OutputFormat,
  type WebhookEvent,
} from './settings.ts';

/** The settings of the engine, in any host. */
export interface EngineSettings {
  /** Names the service in logs and as the `source` of its events. */
  readonly serviceName: string;
  /** The name of the service whose API and webhooks it shares. @default - it is a service by itself */
  readonly frontServiceName?: string;
  /** Identifies the code that handles requests; undefined if nothing names it. */
  readonly handlerVersion: string | undefined;
  /** Results are stored under this prefix. */
  readonly resultPrefix: string;
  /** Copies of results for consumers that delete them are stored under this prefix. */
  readonly consumerCopyPrefix: string;
  /** Where claim checks may point, as `assertAllowed` takes them, the service's own store among them. */
  readonly claimCheckSources: readonly string[];
  readonly outputFormat: OutputFormat;
  /** Most requests handled at a time. */
  readonly concurrency: number;
  /** How long the input queue keeps a message. */
  readonly inputRetentionSeconds: number;
  readonly maxAttempts: number;
  readonly retryBaseSeconds: number;
  readonly retryCapSeconds: number;
  /** What a request that has used up its attempts does to those behind it, where messages come in order. */
  readonly onExhausted: OnExhausted;
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxJsonDepth: number;
  /** How long a record is kept after its last change. */
  readonly recordAgeDays: number;
  /** The keys of metadata that records keep. */
  readonly recordMetadata: readonly string[];
  /** The first pause when something that every request needs is down. */
  readonly pauseSeconds: number;
  /** The share of failures that causes a pause; undefined where no share does. */
  readonly failureRatePercent: number | undefined;
  /** Limits of the requests that share a key. */
  readonly limits: readonly Limit[];
  /** Receives the webhooks of requests without a callback URL; empty if there is none. */
  readonly webhookDefaultUrl: string;
  /** What is sent by webhook. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** Which URLs may be callback URLs. */
  readonly callbacks: Callbacks;
  /** The ports of callback URLs. */
  readonly callbackPorts: readonly number[];
}

/** The defaults of an engine without webhooks. */
export const ENGINE_DEFAULTS = {
  handlerVersion: undefined,
  resultPrefix: DEFAULT_RESULT_PREFIX,
  consumerCopyPrefix: DEFAULT_CONSUMER_COPY_PREFIX,
  outputFormat: DEFAULT_OUTPUT_FORMAT,
  concurrency: 10,
  inputRetentionSeconds: NUMBER_SETTINGS.inputRetentionSeconds.default,
  maxAttempts: NUMBER_SETTINGS.maxAttempts.default,
  retryBaseSeconds: NUMBER_SETTINGS.retryBaseSeconds.default,
  retryCapSeconds: NUMBER_SETTINGS.retryCapSeconds.default,
  onExhausted: 'skip',
  topics: ['*'],
  pauseSeconds: NUMBER_SETTINGS.pauseSeconds.default,
  failureRatePercent: undefined,
  limits: [],
  inlineLimitBytes: NUMBER_SETTINGS.inlineLimitBytes.default,
  maxPayloadBytes: NUMBER_SETTINGS.maxPayloadBytes.default,
  maxBufferedBytes: NUMBER_SETTINGS.maxBufferedBytes.default,
  maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default,
  recordAgeDays: NUMBER_SETTINGS.recordAgeDays.default,
  recordMetadata: [],
  webhookDefaultUrl: '',
  webhookEvents: DEFAULT_WEBHOOK_EVENTS,
  callbacks: 'off',
  callbackPorts: DEFAULT_CALLBACK_PORTS,
} as const satisfies Partial<EngineSettings>;

/** The numbers of an engine that its user may choose in any host. */
export const ENGINE_NUMBERS = [
  'concurrency',
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
] as const satisfies readonly (NumberSettingName & keyof EngineSettings)[];
