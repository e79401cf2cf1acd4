import { parseRetryAfter } from '../base/retry-after.ts';
import type { WebhookAnswer } from '../ports/webhooks.ts';

/** What an answer means for its delivery. */
export type WebhookVerdict =
  | { readonly status: 'delivered' }
  /** The receiver wants no more of them. */
  | { readonly status: 'disabled' }
  /** @property askedSeconds how long the receiver wants to be left alone */
  | { readonly status: 'failed'; readonly reason: string; readonly askedSeconds: number };

/**
 * Judges an answer as Standard Webhooks asks: only 2xx is a success, a redirect is a failure, 410 disables, 429 and 503
 * may say when to come back.
 * @param now milliseconds since 1970
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verdictOf({ status, retryAfter }: WebhookAnswer, now: number): WebhookVerdict {
  if (status >= 200 && status <= 299) return { status: 'delivered' };
  if (status === 410) return { status: 'disabled' };
  const slowed = status === 429 || status === 503;
  return {
    status: 'failed',
    reason: `the receiver answered ${status}`,
    askedSeconds: slowed ? (parseRetryAfter(retryAfter, now) ?? 0) : 0,
  };
}
