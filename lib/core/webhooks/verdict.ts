import { parseRetryAfter } from '../base/retry-after.ts';
import type { WebhookAnswer } from '../ports/webhooks.ts';

/** What a response means for the delivery. */
export type WebhookVerdict =
  | { readonly status: 'delivered' }
  /** The receiver doesn't want this webhook. */
  | { readonly status: 'disabled' }
  /** @property askedSeconds the least wait that the receiver asked for */
  | { readonly status: 'failed'; readonly reason: string; readonly askedSeconds: number };

/**
 * Interprets a response as Standard Webhooks demands: only 2xx is a success, a redirect is a failure, 410 disables the
 * webhook, and 429 and 503 can name a wait.
 * @param now milliseconds since 1970
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verdictOf({ status, retryAfter }: WebhookAnswer, now: number): WebhookVerdict {
  if (status >= 200 && status <= 299) return { status: 'delivered' };
  if (status === 410) return { status: 'disabled' };
  const slowed = status === 429 || status === 503;
  const redirected = status >= 300 && status <= 399;
  return {
    status: 'failed',
    reason: `the receiver answered ${status}${redirected ? ", and redirects aren't followed: name the final URL" : ''}`,
    askedSeconds: slowed ? (parseRetryAfter(retryAfter, now) ?? 0) : 0,
  };
}
