import { Counter, Gauge, Registry } from 'prom-client';
import type { RelayedBatch } from './outbox-relay.ts';
import type { OutboxLevel } from './outbox-source.ts';

/** What becomes of rows, each with what counts it. */
const COUNTERS = [
  ['published', 'Rows that were published, and removed'],
  ['refused', 'Rows that were refused, and kept aside'],
  ['failed', 'Rows that could not be published, and are taken again'],
] as const satisfies readonly (readonly [keyof RelayedBatch, string])[];

/** The figures of an outbox in Prometheus' text format. Every name begins with `coatcheck_outbox_`. */
export class OutboxMetrics {
  readonly #registry = new Registry();
  readonly #counters: readonly (readonly [what: keyof RelayedBatch, counter: Counter])[];
  readonly #waiting: Gauge;
  readonly #oldest: Gauge;
  readonly #refused: Gauge;
  readonly #readLevel: () => Promise<OutboxLevel>;

  /** @param level reads how full the outbox is when it is scraped */
  constructor(serviceName: string, level: () => Promise<OutboxLevel>) {
    this.#readLevel = level;
    this.#registry.setDefaultLabels({ service: serviceName });
    const registers = [this.#registry];
    this.#counters = COUNTERS.map(([what, help]) => [
      what,
      new Counter({ name: `coatcheck_outbox_${what}_total`, help, registers }),
    ]);
    const gauge = (name: string, help: string) =>
      new Gauge({ name: `coatcheck_outbox_${name}`, help, registers });
    this.#waiting = gauge('waiting', 'Rows that wait to be relayed');
    this.#oldest = gauge('oldest_seconds', 'How long the oldest of them has been waiting');
    this.#refused = gauge('refused', 'Rows that were refused, and wait for a decision');
  }

  add(batch: RelayedBatch): void {
    for (const [what, counter] of this.#counters) counter.inc(batch[what]);
  }

  /** The media type of {@link scrape}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** All figures as text. While the database can't be reached, those of its table are missing. */
  async scrape(): Promise<string> {
    const level = await this.#readLevel().catch(() => undefined);
    this.#waiting.set(level?.waiting ?? Number.NaN);
    this.#oldest.set(level ? level.oldestMilliseconds / 1_000 : Number.NaN);
    this.#refused.set(level?.refused ?? Number.NaN);
    return this.#registry.metrics();
  }
}
