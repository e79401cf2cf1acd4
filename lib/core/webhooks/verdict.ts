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
    askedSeconds: slowed ? secondsOf(retryAfter, now) : 0,
  };
}

/** Seconds or a date, as HTTP has it; 0 when it is neither, or over. */
function secondsOf(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter);
  const time = HTTP_DATE.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
  return Number.isNaN(time) ? 0 : Math.max(0, Math.ceil((time - now) / 1000));
}

const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
