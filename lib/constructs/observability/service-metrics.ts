import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  COUNTS,
  METRIC_NAMESPACE,
  type MetricName,
  SERVICE_DIMENSION,
} from '../../core/config/metric-names.ts';

/**
 * A metric that the processor publishes: by default the sum of a count or the average of a measurement, over 5
 * minutes.
 */
export function serviceMetric(serviceName: string, metricName: MetricName, options?: MetricOptions): Metric {
  return new Metric({
    namespace: METRIC_NAMESPACE,
    metricName,
    dimensionsMap: { [SERVICE_DIMENSION]: serviceName },
    statistic: COUNTS.some((count) => count === metricName) ? Stats.SUM : Stats.AVERAGE,
    ...options,
  });
}

/**
 * Successes in percent of successes and failures per minute. Excludes expired and cancelled requests.
 * @param minRequests with fewer successes and failures in a minute the rate is 100, so that a single failure in a quiet
 * minute triggers no alarm
 */
export function successRate(serviceName: string, minRequests = 1): MathExpression {
  return new MathExpression({
    expression: `IF(succeeded + failed >= ${minRequests}, 100 * succeeded / (succeeded + failed), 100)`,
    usingMetrics: {
      succeeded: serviceMetric(serviceName, 'Succeeded'),
      failed: serviceMetric(serviceName, 'Failed'),
    },
    label: 'Success rate, %',
    period: Duration.minutes(1),
  });
}
