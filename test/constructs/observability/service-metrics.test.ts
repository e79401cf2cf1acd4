import { Duration } from 'aws-cdk-lib';
import { expect, it } from 'vitest';
import { serviceMetric, successRate } from '../../../lib/constructs/observability/service-metrics.ts';
import { serviceInApp } from '../service-in-app.ts';

it.each([
  ['Failed', 'Sum'],
  ['Wait', 'Average'],
] as const)('%s is found by the service’s name, by default as %s', (name, statistic) => {
  expect(serviceMetric('Shop/Orders', name)).toMatchObject({
    namespace: 'Coatcheck',
    metricName: name,
    dimensions: { service: 'Shop/Orders' },
    statistic,
  });
});

it('is available from the service with any statistic', () => {
  const { service } = serviceInApp();
  expect(service.metric('EndToEnd', { statistic: 'p99', period: Duration.minutes(1) })).toMatchObject({
    metricName: 'EndToEnd',
    dimensions: { service: 'Stack/Service' },
    statistic: 'p99',
    period: Duration.minutes(1),
  });
});

it('computes the success rate from successes and failures, with a minimum of both', () => {
  const rate = successRate('Shop/Orders', 10);
  expect(rate.expression).toBe('IF(succeeded + failed >= 10, 100 * succeeded / (succeeded + failed), 100)');
  expect(rate.usingMetrics).toMatchObject({
    succeeded: { metricName: 'Succeeded' },
    failed: { metricName: 'Failed' },
  });
});
