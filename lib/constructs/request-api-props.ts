import type { Duration } from 'aws-cdk-lib';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ApiAuth } from './api-auth.ts';

/** Configures the console of an HTTP API. */
export interface ConsoleProps {
  /**
   * The client of the issuer as which operators sign in: a public one, for the authorization code flow with PKCE. Its callback URL is
   * that of the API with `/console/signed-in`.
   */
  readonly clientId: string;

  /**
   * Scopes of the sign-in in addition to `openid`, for issuers that give the access token its audience or its roles by a scope.
   * @default - none
   */
  readonly scopes?: readonly string[];

  /**
   * More parameters of the sign-in, such as `{ audience: 'https://jobs.example.com' }` of Auth0 or `resource` of RFC 8707.
   * @default - none
   */
  readonly parameters?: Readonly<Record<string, string>>;

  /**
   * The URL by which browsers reach the API, without `/v1` and a slash at its end, if it has a domain name of its own.
   * @default - the URL of the API
   */
  readonly url?: string;

  /**
   * Whether operators may change anything in the console: cancel, retry and redrive requests, and change limits.
   * @default false
   */
  readonly allowActions?: boolean;
}

/** Configures the HTTP API of an `AsyncService`. */
export interface RequestApiProps {
  /**
   * How callers are authenticated, see {@link ApiAuth}.
   * @default ApiAuth.iam()
   */
  readonly auth?: ApiAuth;

  /**
   * Maximum predicted time until a new request is done for which the API accepts it: 1 second to 4 days, at most
   * `queue.retention`. If the prediction is longer, the API answers 503 with `Retry-After`. Set it to the time after
   * which the result is of no use to your clients.
   * @default Duration.minutes(15)
   */
  readonly maxWait?: Duration;

  /**
   * Maximum share of the waiting requests, in percent, for one tenant while other tenants wait too: 1 to 100. Above it,
   * the API answers that tenant 429. Has no effect without a `tenantClaim`.
   * @default 50
   */
  readonly tenantShare?: number;

  /**
   * Whether the API has recurring schedules (`/v1/schedules`), and requests can start more than 15 minutes ahead, up to 366 days,
   * which a service that keeps order refuses. Each is a schedule of EventBridge Scheduler, which costs $1 a million runs after 14
   * million a month. See docs/schedules.md.
   * @default false
   */
  readonly schedules?: boolean;

  /**
   * Whether the API has batches (`/v1/batches`): up to 1,000,000 requests under one ticket. The table gets a stream, and a function counts
   * the requests of batches by it, and writes all results of a batch into one file. Other requests cost nothing more. See docs/batches.md.
   * @default false
   */
  readonly batches?: boolean;

  /**
   * Whether operators can act on many requests at once (`/v1/actions`): put back, purge, cancel and retry them, each planned first. A function
   * does it, which runs only while an action does. See docs/actions.md.
   * @default false
   */
  readonly actions?: boolean;

  /**
   * The keys of signed receipts, which the answers to submissions, uploads and items then have: JSON `{"current": "…"}` with what `openssl rand -base64 32`
   * prints. To replace it, add the old value as `previous`: receipts of it stay verifiable by the API. Pass the key of an imported secret
   * with `Secret.fromSecretAttributes`. See docs/ledger.md.
   * @default - no receipts
   */
  readonly receipts?: ISecret;

  /**
   * Whether operators can see how many requests were submitted and ended in the last hours (`/v1/activity`), from the metrics in
   * CloudWatch. Each read costs about $0.00005, at most once a minute. Its function may read all metrics of the account: CloudWatch
   * can't allow less. Requires `observability.metrics`.
   * @default false
   */
  readonly activity?: boolean;

  /**
   * A web page for operators, at `/console` of the API. Operators sign in at the issuer of `ApiAuth.jwt()`, which must name them with
   * `operators`. Its function has no rights: it calls the API with the operator's token. An idle one costs nothing. See docs/console.md.
   * @default - none: `npx coatcheck console` serves one on an operator's machine
   */
  readonly console?: ConsoleProps;

  /**
   * The origins of web pages that can call the API from browsers, and upload to and download from the bucket:
   * `https://app.example.com`, or `*` for all.
   * @default - none
   */
  readonly corsOrigins?: readonly string[];
}
