import type { Duration } from 'aws-cdk-lib';
import type { OnExhausted } from '../../core/config/settings.ts';

/** Configures the retries of an `AsyncService`: exponential backoff with full jitter. */
export interface RetryProps {
  /**
   * Maximum number of attempts: 1 to 400. After the last one the request fails and its message goes to the dead-letter
   * queue. A delivery without an attempt, for example while Lambda throttles, doesn't count, up to the same number.
   * @default 5
   */
  readonly maxAttempts?: number;

  /**
   * What a request that has used up its attempts does to those behind it, in a service with `order`. `skip`: it is
   * dead-lettered, and they continue. `block`: it is retried every `maxDelay` until it succeeds, is cancelled or expires, and they
   * wait; it is dead-lettered only before the queue deletes it.
   * @default 'skip'
   */
  readonly onExhausted?: OnExhausted;

  /**
   * Upper bound of the delay before the first retry: 1 second to 12 hours. It doubles with every attempt.
   * @default Duration.seconds(10)
   */
  readonly baseDelay?: Duration;

  /**
   * Upper bound of the delay before any retry: `baseDelay` to 12 hours. No delay is longer than 11 h 40 min, because a
   * message can stay hidden for 12 hours at most.
   * @default Duration.minutes(15)
   */
  readonly maxDelay?: Duration;
}
