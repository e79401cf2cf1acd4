import { ConfigurationError } from '../base/errors.ts';
import type { WebhookEvent } from '../config/settings.ts';
import { type CallbackRules, callbackUrlProblem } from '../model/callback-url.ts';

/** Which events webhooks report, and to which URLs. */
export interface WebhookRules extends CallbackRules {
  /** The receiver of requests without a callback URL; empty if there is none. */
  readonly webhookDefaultUrl: string;
  /** The events that webhooks report. */
  readonly webhookEvents: readonly WebhookEvent[];
}

/** @throws ConfigurationError for a default URL that can't be called */
export function assertDefaultUrl(rules: WebhookRules): void {
  const { webhookDefaultUrl } = rules;
  const problem = webhookDefaultUrl === '' ? undefined : callbackUrlProblem(webhookDefaultUrl, rules);
  if (problem) throw new ConfigurationError(`The default URL of webhooks can't be used: ${problem}`);
}

/** The URL that an event is sent to. Undefined if the event isn't reported, or if the callback URL isn't allowed. */
export function webhookUrl(
  event: WebhookEvent,
  callbackUrl: string | undefined,
  rules: WebhookRules,
): string | undefined {
  if (!rules.webhookEvents.includes(event)) return undefined;
  if (callbackUrl === undefined) return rules.webhookDefaultUrl || undefined;
  return callbackUrlProblem(callbackUrl, rules) === undefined ? callbackUrl : undefined;
}
