import type { Duration } from 'aws-cdk-lib';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { ApplicationLogLevel } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { VerdictName } from '../../core/config/audit-verdicts.ts';
import type { Tracing } from '../observability/tracing.ts';

/** Configures what you can observe of an `AsyncService`. */
export interface ObservabilityProps {
  /**
   * The lowest severity that is logged.
   * @default ApplicationLogLevel.INFO
   */
  readonly logLevel?: ApplicationLogLevel;

  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;

  /**
   * Whether the processor writes metrics to its log, one line a batch, from which CloudWatch extracts them into the
   * namespace `Coatcheck`. A month of steady use costs $1.80, plus $0.30 for every kind of failure: see
   * docs/operations.md. Requires `logLevel` INFO or lower.
   * @default true
   */
  readonly metrics?: boolean;

  /**
   * Where the functions send OpenTelemetry spans: one for every call of the HTTP API, every attempt at a request and every
   * webhook call. See docs/operations.md.
   * @default - nowhere
   */
  readonly tracing?: Tracing;

  /**
   * Whether to create a CloudWatch dashboard: queue, waiting times, successes and failures, processor, HTTP API, hourly
   * cost. $3 a month.
   * @default false
   */
  readonly dashboard?: boolean;

  /**
   * The SNS topic that is notified when an alarm fires.
   * @default - alarms fire without a notification
   */
  readonly alarmTopic?: ITopic;

  /**
   * How long a request waits in the input queue before the alarm `OldestRequest` fires: 60 seconds to 14 days.
   * @default Duration.hours(1)
   */
  readonly oldestRequestAlarm?: Duration;

  /**
   * Publishes an event to EventBridge for every outcome other than a success. `{}` publishes to the default event bus.
   * Best effort, after the outcome is published: a consumer that must not miss a failure reads the output queue.
   * @default - no events
   */
  readonly failureEvents?: FailureEventsProps;

  /**
   * Looks again and again for requests that are lost: a function compares records, queues and stored objects as `npx coatcheck
   * audit` does, logs each request that doesn't add up, and publishes their number as the metric `LedgerDrift`, with an alarm.
   * It reads the whole table each time: see docs/ledger.md for what that costs. Requires `metrics`.
   * @default - no audits
   */
  readonly audit?: AuditProps;
}

/** Configures the audits of an `AsyncService`. */
export interface AuditProps {
  /** How often an audit runs: 1 hour to 7 days, in whole minutes. */
  readonly every: Duration;

  /**
   * What isn't looked for, such as `dead_letter_missing` where dead letters get purged.
   * @default - everything in docs/ledger.md is looked for
   */
  readonly except?: readonly VerdictName[];
}

/** Configures the failure events of an `AsyncService`. */
export interface FailureEventsProps {
  /**
   * The event bus.
   * @default - the default event bus of the account
   */
  readonly bus?: IEventBus;

  /**
   * An SNS topic that receives every event of this service, by a rule on the event bus. The policy of a topic in
   * another account must allow the role of the rule to publish.
   * @default - no topic
   */
  readonly topic?: ITopic;
}
