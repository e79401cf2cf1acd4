import type { WebhookEvent } from '../config/settings.ts';
import { type CallbackRules, callbackUrlProblem } from '../model/callback-url.ts';

/** Who is told what by webhook. */
export interface WebhookRules extends CallbackRules {
  /** Whom outcomes are told whose requests name nobody; empty where that is nobody. */
  readonly webhookDefaultUrl: string;
  /** What is told. */
  readonly webhookEvents: readonly WebhookEvent[];
}

/** Whom something is told by webhook; nobody where its request's own URL is one it failed of. */
export function webhookUrl(
  event: WebhookEvent,
  callbackUrl: string | undefined,
  rules: WebhookRules,
): string | undefined {
  if (!rules.webhookEvents.includes(event)) return undefined;
  if (callbackUrl === undefined) return rules.webhookDefaultUrl || undefined;
  return callbackUrlProblem(callbackUrl, rules) === undefined ? callbackUrl : undefined;
}
