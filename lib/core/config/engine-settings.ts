import type { Callbacks, OutputFormat, WebhookEvent } from './settings.ts';

/** What the engine needs to know, whatever host it runs in. */
export interface EngineSettings {
  /** Names the service in logs and as the `source` of its events. */
  readonly serviceName: string;
  /** Results are stored under this prefix. */
  readonly resultPrefix: string;
  /** Copies of results for consumers that delete them are stored under this prefix. */
  readonly consumerCopyPrefix: string;
  /** Where claim checks may point: `bucket` or `bucket/prefix`, the payload bucket among them. */
  readonly claimCheckSources: readonly string[];
  readonly outputFormat: OutputFormat;
  /** Most requests handled at a time. */
  readonly concurrency: number;
  /** How long a message stays hidden after a crash. */
  readonly visibilityTimeoutSeconds: number;
  /** How long the input queue keeps a message. */
  readonly inputRetentionSeconds: number;
  readonly maxAttempts: number;
  readonly retryBaseSeconds: number;
  readonly retryCapSeconds: number;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxJsonDepth: number;
  /** How long a record is kept after its last change. */
  readonly recordAgeDays: number;
  /** The first pause when what every request needs is down. */
  readonly pauseSeconds: number;
  /** The share of failures that causes a pause; undefined where no share does. */
  readonly failureRatePercent: number | undefined;
  /** Receives the webhooks of requests that name no callback URL; empty where there is none. */
  readonly webhookDefaultUrl: string;
  /** What is sent by webhook. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** Which URLs may be callback URLs. */
  readonly callbacks: Callbacks;
  /** The ports of callback URLs. */
  readonly callbackPorts: readonly number[];
}
