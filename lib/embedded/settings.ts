import { assertSettings, type GivenSettings } from '../core/config/assert-settings.ts';
import { ENGINE_DEFAULTS, ENGINE_NUMBERS, type EngineSettings } from '../core/config/engine-settings.ts';
import {
  type Callbacks,
  DEFAULT_CALLBACK_PORTS,
  DEFAULT_WEBHOOK_EVENTS,
  NUMBER_SETTINGS,
  type NumberSettingName,
  type WebhookEvent,
} from '../core/config/settings.ts';
import { checkSecrets } from '../core/model/webhook-secrets.ts';
import { assertDefaultUrl, type WebhookRules } from '../core/webhooks/recipient.ts';

const NAMES = [
  ...ENGINE_NUMBERS,
  'resultAgeDays',
  'outputRetentionSeconds',
] as const satisfies readonly NumberSettingName[];

/**
 * Numbers of a service. Each has the meaning, the bounds and the default of a prop of `AsyncService`: see
 * docs/settings.md. `concurrency` is that of this process, 10 by default.
 */
export type ServiceSettings = GivenSettings<(typeof NAMES)[number]>;

/** How a service sends webhooks. */
export interface WebhookOptions {
  /**
   * What signs deliveries, each `whsec_` and the base64 of 24 to 64 bytes: the current secret and, during a rotation, the
   * previous one.
   */
  readonly secrets: readonly [current: string, previous?: string];
  /** Receives the webhooks of requests that name no callback URL. @default - none */
  readonly defaultUrl?: string;
  /** What is sent. @default - every outcome */
  readonly events?: readonly WebhookEvent[];
  /**
   * Where callback URLs may lead: `public` addresses by HTTPS, or this machine and its network too (`local`), by HTTP and
   * on any port. With `off`, requests can't have one. @default 'public'
   */
  readonly callbacks?: Callbacks;
  /** Ports of public callback URLs. @default [443, 8443] */
  readonly callbackPorts?: readonly number[];
  /**
   * Whether there are webhook endpoints: receivers with secrets and filters of their own, which are added and removed while
   * the service runs. @default false
   */
  readonly endpoints?: boolean;
}

/** The engine's settings, with those of what is stored. */
export interface StoredServiceSettings extends EngineSettings {
  readonly resultAgeDays: number;
  readonly outputRetentionSeconds: number;
}

/** How long the input queue keeps a request: for ever. */
const FOREVER = Number.POSITIVE_INFINITY;

/** The settings of a service besides its numbers. */
export interface ServiceFacts {
  readonly serviceName: string;
  readonly handlerVersion: string | undefined;
  /** How claim checks name the payload store. */
  readonly source: string;
  readonly webhooks: WebhookOptions | undefined;
}

/**
 * The defaults of a deployed service, but for what is given.
 * @throws ConfigurationError that names every setting that is unknown or out of bounds, or a default URL of webhooks that
 *   can't be used
 */
export function serviceSettings(
  given: ServiceSettings,
  { serviceName, handlerVersion, source, webhooks }: ServiceFacts,
): StoredServiceSettings {
  assertSettings(NAMES, given);
  return {
    ...ENGINE_DEFAULTS,
    resultAgeDays: NUMBER_SETTINGS.resultAgeDays.default,
    outputRetentionSeconds: NUMBER_SETTINGS.inputRetentionSeconds.default,
    inputRetentionSeconds: FOREVER,
    serviceName,
    handlerVersion,
    claimCheckSources: [source],
    ...given,
    ...(webhooks && rulesOf(webhooks)),
  };
}

/** @throws ConfigurationError for secrets that can't sign; its message doesn't quote them */
export function webhookSecretsOf({ secrets: [current, previous] }: WebhookOptions): readonly string[] {
  return checkSecrets(current, previous);
}

function rulesOf({ defaultUrl, events, callbacks, callbackPorts }: WebhookOptions): WebhookRules {
  const rules = {
    webhookDefaultUrl: defaultUrl ?? '',
    webhookEvents: events ?? DEFAULT_WEBHOOK_EVENTS,
    callbacks: callbacks ?? 'public',
    callbackPorts: callbackPorts ?? DEFAULT_CALLBACK_PORTS,
  };
  assertDefaultUrl(rules);
  return rules;
}
