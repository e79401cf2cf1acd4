import type { Duration } from 'aws-cdk-lib';

/**
 * Configures when an `AsyncService` pauses. By default it pauses for 30 seconds when five attempts in a row threw
 * `DownstreamUnavailable`, or when the service can't use its own table, bucket or output queue.
 */
export interface CircuitBreakerProps {
  /**
   * How long processing pauses: 1 to 900 seconds. The pause doubles while nothing succeeds, up to 15 minutes.
   * @default Duration.seconds(30)
   */
  readonly pause?: Duration;

  /**
   * Also pause when this percentage of the last 20 attempts of an instance failed, whatever the error: 1 to 100.
   * Requests that fail with a `PermanentError` don't count. Don't set it if all requests of one tenant may fail: the
   * requests of other tenants would wait, too.
   * @default - only `DownstreamUnavailable` and the service's own stores pause processing
   */
  readonly failureRate?: number;

  /**
   * Whether a pause disables the event source of the input queue. If `false`, the function, queue and alarms that do so
   * aren't created; an instance that finds something unavailable still defers its own messages.
   * @default true
   */
  readonly pauseEventSource?: boolean;
}
