import type { Duration } from 'aws-cdk-lib';

/** When an `AsyncService` pauses. */
export interface CircuitBreakerProps {
  /**
   * How long processing pauses when what every request needs is down: 1 to 900 seconds. It doubles while nothing
   * succeeds, up to a quarter of an hour.
   * @default Duration.seconds(30)
   */
  readonly pause?: Duration;

  /**
   * Pause also when so many percent of the last 20 attempts of an instance failed, of whatever: 1 to 100. Requests that
   * fail for good by a `PermanentError` don't count. Leave it out where one tenant's requests may all fail: the others
   * would wait as well.
   * @default - processing pauses for `DownstreamUnavailable` and the service's own stores only
   */
  readonly failureRate?: number;
}
