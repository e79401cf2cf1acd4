import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/** The highest value in a minute. */
export const MINUTE_MAXIMUM = { statistic: Stats.MAXIMUM, period: Duration.minutes(1) };

/** Adds an alarm on a metric that reaches a threshold. @param description its sentences, of several lines */
export function newAlarm(
  scope: Construct,
  id: string,
  metric: IMetric,
  threshold: number,
  description: readonly string[],
  more: Partial<AlarmProps> = {},
): Alarm {
  return new Alarm(scope, id, {
    metric,
    threshold,
    alarmDescription: description.join(' '),
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    evaluationPeriods: 1,
    // An idle service publishes no data.
    treatMissingData: TreatMissingData.NOT_BREACHING,
    ...more,
  });
}

/** The number of messages in a queue. SQS doesn't count a move to a dead-letter queue as a sent message. */
export function messagesIn(queue: IQueue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible(MINUTE_MAXIMUM);
}
