import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  COUNTS,
  METRIC_NAMESPACE,
  type MetricName,
  SERVICE_DIMENSION,
} from '../../core/config/metric-names.ts';

/** A figure its processor tells. @default - sum of a count, average of what is measured, over 5 minutes */
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
 * Successes in percent of successes and failures, by the minute. Requests that expired or were cancelled are neither.
 * @param fewest where there are fewer of both in a minute, it is 100: one failure in a quiet night is no trend
 */
export function successRate(serviceName: string, fewest = 1): MathExpression {
  return new MathExpression({
    expression: `IF(succeeded + failed >= ${fewest}, 100 * succeeded / (succeeded + failed), 100)`,
    usingMetrics: {
      succeeded: serviceMetric(serviceName, 'Succeeded'),
      failed: serviceMetric(serviceName, 'Failed'),
    },
    label: 'Success rate, %',
    period: Duration.minutes(1),
  });
}
