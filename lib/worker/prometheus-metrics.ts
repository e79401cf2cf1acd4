import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CountName, DistributionName } from '../core/config/metric-names.ts';
import { ledgerOf } from '../core/operations/ledger.ts';
import type { Ledger, LedgerBook } from '../core/ports/ledger.ts';
import type { BatchFigures, Metrics } from '../core/ports/telemetry.ts';

/** From a cached answer to a day, in seconds. */
const BUCKETS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1_000, 3_600, 10_000, 86_400];

/** The counters, each with what it counts. Pauses are local to a worker, and not counted. */
const COUNTERS: readonly (readonly [count: CountName, name: string, help: string])[] = [
  ['Retried', 'retries', 'Attempts that failed and will be retried'],
  ['DeadLettered', 'dead_letters', 'Requests that used up their attempts'],
  [
    'Deferred',
    'deferred',
    'Requests returned to the queue without an attempt: paused, limited, early or for newer code',
  ],
  ['Redelivered', 'redelivered', 'Messages returned to the input queue'],
  ['WebhookEndpointsDisabled', 'webhook_endpoints_disabled', 'Webhook endpoints disabled after failures'],
];

/** The statuses of outcomes, each with what counts it. */
const STATUSES: readonly (readonly [count: CountName, status: string])[] = [
  ['Succeeded', 'succeeded'],
  ['Failed', 'failed'],
  ['Expired', 'expired'],
  ['Cancelled', 'cancelled'],
];

/** The histograms, each with what it measures. */
const HISTOGRAMS: readonly (readonly [values: DistributionName, name: string, help: string])[] = [
  ['Wait', 'wait_seconds', 'From when the message was sent to the start of the attempt'],
  ['ServiceTime', 'service_time_seconds', 'Duration of an attempt'],
  ['EndToEnd', 'end_to_end_seconds', 'From the submission of the request to the publication of its outcome'],
];

/** A worker's own state. */
export interface WorkerGauges {
  readonly held: number;
  readonly isReady: boolean;
}

/**
 * The figures of a worker in Prometheus' text format. Every name begins with `coatcheck_`.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #counters: readonly (readonly [count: CountName, counter: Counter])[];
  readonly #histograms: readonly (readonly [values: DistributionName, histogram: Histogram])[];
  readonly #outcomes: Counter;
  readonly #failures: Counter;

  /** @param gauges reads the worker's state when it is scraped */
  constructor(serviceName: string, gauges: () => WorkerGauges) {
    const registers = [this.#registry];
    this.#registry.setDefaultLabels({ service: serviceName });
    this.#outcomes = new Counter({
      name: 'coatcheck_outcomes_total',
      help: 'Published outcomes by status',
      labelNames: ['status'],
      registers,
    });
    this.#counters = COUNTERS.map(([count, name, help]) => [
      count,
      new Counter({ name: `coatcheck_${name}_total`, help, registers }),
    ]);
    this.#histograms = HISTOGRAMS.map(([values, name, help]) => [
      values,
      new Histogram({ name: `coatcheck_${name}`, help, buckets: BUCKETS, registers }),
    ]);
    this.#failures = new Counter({
      name: 'coatcheck_failures_total',
      help: 'Published failures by code',
      labelNames: ['code'],
      registers,
    });
    new Gauge({
      name: 'coatcheck_messages_held',
      help: 'Messages that are handled or wait for a slot',
      registers,
      collect() {
        this.set(gauges().held);
      },
    });
    new Gauge({
      name: 'coatcheck_ready',
      help: '1 if the worker takes messages, else 0',
      registers,
      collect() {
        this.set(gauges().isReady ? 1 : 0);
      },
    });
  }

  /** Adds the figures of a ledger, which is read when they are scraped. */
  addLedger(book: LedgerBook): void {
    const registers = [this.#registry];
    let reading: Promise<Ledger> | undefined;
    // Both gauges are of the same moment.
    const read = () => {
      reading ??= book
        .read()
        .then((figures) => ledgerOf(figures, Date.now()))
        .finally(() => {
          reading = undefined;
        });
      return reading;
    };
    new Gauge({
      name: 'coatcheck_ledger_requests',
      help: 'Requests by where they are; accepted is their sum and the drift',
      labelNames: ['state'],
      registers,
      async collect() {
        const { accepted, ended, waiting, running, deadLettered } = await read();
        const states = { accepted, ...ended, waiting, running, dead_lettered: deadLettered };
        for (const [state, count] of Object.entries(states)) this.set({ state }, count);
      },
    });
    new Gauge({
      name: 'coatcheck_ledger_drift',
      help: 'Accepted requests that have neither ended nor wait nor run: 0, or requests are lost',
      registers,
      async collect() {
        this.set((await read()).drift);
      },
    });
  }

  emit({ counts, values, failures }: BatchFigures): void {
    for (const [name, status] of STATUSES) this.#outcomes.inc({ status }, counts[name] ?? 0);
    for (const [name, counter] of this.#counters) counter.inc(counts[name] ?? 0);
    for (const [name, histogram] of this.#histograms) {
      for (const milliseconds of values[name]) histogram.observe(milliseconds / 1000);
    }
    for (const [code, count] of failures) this.#failures.inc({ code }, count);
  }

  /** The media type of {@link scrape}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as text. */
  scrape(): Promise<string> {
    return this.#registry.metrics();
  }
}
