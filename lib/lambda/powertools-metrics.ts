import { MetricUnit, type Metrics as Powertools } from '@aws-lambda-powertools/metrics';
import {
  CODE_DIMENSION,
  COUNTS_OF_VERSION,
  DISTRIBUTIONS,
  GAUGES,
  type GaugeName,
} from '../core/config/metric-names.ts';
import type { BatchFigures, Metrics } from '../core/ports/telemetry.ts';

/**
 * A batch's figures by Powertools, as lines in CloudWatch's embedded metric format: one line for the batch, one for each code
 * that requests failed with, one for a published version, and another one for every hundred values of a metric, which is the
 * limit of a line.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export class PowertoolsMetrics implements Metrics {
  readonly #powertools: Powertools;
  readonly #ofVersion: Powertools | undefined;

  /**
   * @param powertools with the service's name, which becomes the dimension `service`
   * @param ofVersion with the dimension `version` too; absent if the function's version isn't published
   */
  constructor(powertools: Powertools, ofVersion?: Powertools) {
    this.#powertools = powertools;
    this.#ofVersion = ofVersion;
  }

  emit({ counts, values, failures }: BatchFigures): void {
    for (const [name, count] of Object.entries(counts)) {
      this.#powertools.addMetric(name, MetricUnit.Count, count);
    }
    this.#addValues(values);
    if (this.#powertools.hasStoredMetrics()) this.#powertools.publishStoredMetrics();
    if (this.#ofVersion && COUNTS_OF_VERSION.some((name) => counts[name])) {
      for (const name of COUNTS_OF_VERSION)
        this.#ofVersion.addMetric(name, MetricUnit.Count, counts[name] ?? 0);
      this.#ofVersion.publishStoredMetrics();
    }
    for (const [code, count] of failures) {
      this.#powertools
        .singleMetric()
        .addDimension(CODE_DIMENSION, code)
        .addMetric('Failed', MetricUnit.Count, count);
    }
  }

  /** Writes a line with one value. */
  gauge(name: GaugeName, value: number): void {
    this.#powertools.singleMetric().addMetric(name, GAUGES[name], value);
  }

  /** Adds the metrics in turns: Powertools writes a line as soon as one metric has a hundred values. */
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
