import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import {
  COUNTS,
  type COUNTS_OF_VERSION,
  METRIC_NAMESPACE,
  type MetricName,
  SERVICE_DIMENSION,
  VERSION_DIMENSION,
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

/**
 * Successes in percent of the attempts of a version of the function that ended, per minute.
 * @param minAttempts with fewer attempts in a minute the rate is 100
 */
export function attemptSuccessRate(
  serviceName: string,
  version: string,
  minAttempts: number,
): MathExpression {
  const dimensionsMap = { [SERVICE_DIMENSION]: serviceName, [VERSION_DIMENSION]: version };
  const counted = (name: (typeof COUNTS_OF_VERSION)[number]) =>
    serviceMetric(serviceName, name, { dimensionsMap });
  return new MathExpression({
    expression: `IF(succeeded + failed + retried >= ${minAttempts}, 100 * succeeded / (succeeded + failed + retried), 100)`,
    usingMetrics: {
      succeeded: counted('Succeeded'),
      failed: counted('Failed'),
      retried: counted('Retried'),
    },
    label: 'Success rate of the latest version, %',
    period: Duration.minutes(1),
  });
}
