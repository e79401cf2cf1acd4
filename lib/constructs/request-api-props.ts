import type { Duration } from 'aws-cdk-lib';
import type { ApiAuth } from './api-auth.ts';

/** How the HTTP API of an `AsyncService` is to be. */
export interface RequestApiProps {
  /**
   * Who may call it, see {@link ApiAuth}.
   * @default ApiAuth.iam()
   */
  readonly auth?: ApiAuth;

  /**
   * Longest wait a new request is let in for: 1 second to 4 days, at most `queue.retention`. Where a longer one is
   * predicted, the API answers 503 with a `Retry-After`. Set it to how long your clients care for the result.
   * @default Duration.minutes(15)
   */
  readonly maxWait?: Duration;

  /**
   * Largest share of the requests that wait, in percent, one tenant may have while others wait too: 1 to 100. Above it,
   * the API answers that tenant 429. Matters with a `tenantClaim` only.
   * @default 50
   */
  readonly tenantShare?: number;

  /**
   * The web pages that may call the API from browsers, and upload to and download from the bucket, by their origins:
   * `https://app.example.com`, or `*` for all.
   * @default - none
   */
  readonly corsOrigins?: readonly string[];
}
