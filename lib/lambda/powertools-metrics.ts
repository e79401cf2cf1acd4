import { MetricUnit, type Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import { CODE_DIMENSION, DISTRIBUTIONS } from '../core/config/metric-names.ts';
import type { BatchFigures, Metrics } from '../core/ports/telemetry.ts';

/**
 * A batch's figures by Powertools, as lines in CloudWatch's embedded metric format: one a batch, one more for every
 * code requests failed with, and one more for every hundred values of a kind, which is what a line takes.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class PowertoolsMetrics implements Metrics {
  readonly #powertools: Powertools;

  /** @param powertools with the service's name, which becomes the dimension `service` */
  constructor(powertools: Powertools) {
    this.#powertools = powertools;
  }

  emit({ counts, values, failures }: BatchFigures): void {
    for (const [name, count] of Object.entries(counts)) {
      this.#powertools.addMetric(name, MetricUnit.Count, count);
    }
    this.#addValues(values);
    if (this.#powertools.hasStoredMetrics()) this.#powertools.publishStoredMetrics();
    for (const [code, count] of failures) {
      this.#powertools
        .singleMetric()
        .addDimension(CODE_DIMENSION, code)
        .addMetric('Failed', MetricUnit.Count, count);
    }
  }

  /** By turns, so that a line that is full, which Powertools writes at once, is full of all of them. */
  #addValues(values: BatchFigures['values']): void {
    const most = Math.max(...Object.values(values).map(({ length }) => length));
    for (let index = 0; index < most; index++) {
      for (const name of NAMES) {
        const value = values[name][index];
        if (value !== undefined) this.#powertools.addMetric(name, DISTRIBUTIONS[name], value);
      }
    }
  }
}

const NAMES = [
  'Wait',
  'ServiceTime',
  'EndToEnd',
  'BatchSize',
] as const satisfies (keyof typeof DISTRIBUTIONS)[];
