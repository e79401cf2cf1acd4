import type { Outcome } from '../outcome.ts';
import type { WebhookEvent } from '../settings.ts';
import { type CallbackRules, callbackUrlProblem } from './callback-url.ts';

/** Who is told what by webhook. */
export interface WebhookRules extends CallbackRules {
  /** Whom outcomes are told whose requests name nobody; empty where that is nobody. */
  readonly webhookDefaultUrl: string;
  /** The outcomes that are told. */
  readonly webhookEvents: readonly WebhookEvent[];
}

/** Whom an outcome is told by webhook; nobody where its own URL is one the request failed of. */
export function webhookUrl({ status, callbackUrl }: Outcome, rules: WebhookRules): string | undefined {
  if (!rules.webhookEvents.includes(status)) return undefined;
  if (callbackUrl === undefined) return rules.webhookDefaultUrl || undefined;
  return callbackUrlProblem(callbackUrl, rules) === undefined ? callbackUrl : undefined;
}
