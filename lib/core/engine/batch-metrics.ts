import { serializeError } from '../base/serialize-error.ts';
import type { CountName, DistributionName } from '../config/metric-names.ts';
import { type CountedCode, countedCode } from '../model/failure-codes.ts';
import type { Outcome } from '../model/outcome.ts';
import type { BatchFigures, Logger, Metrics } from '../ports/telemetry.ts';

const COUNT_BY_STATUS = {
  succeeded: 'Succeeded',
  failed: 'Failed',
  expired: 'Expired',
  cancelled: 'Cancelled',
} as const satisfies Record<Outcome['status'], CountName>;

/** Collects metrics until {@link emit}. Times are milliseconds since 1970. */
export class BatchMetrics {
  readonly #metrics: Metrics;
  readonly #now: () => number;
  readonly #logger: Logger;
  #collected = new Collected();
  #messages = 0;

  constructor(metrics: Metrics, now: () => number, logger: Logger) {
    this.#metrics = metrics;
    this.#now = now;
    this.#logger = logger;
  }

  /** A message was received. */
  countReceived(): void {
    this.#messages++;
  }

  /** A message will be delivered again. */
  countRedelivered(): void {
    this.#count('Redelivered');
  }

  /** An attempt opens its payload. @param sentAt when its message was sent */
  measureWait(sentAt: number): void {
    this.#measure('Wait', sentAt);
  }

  /** The handler has finished and its result is stored, or it was abandoned. */
  measureServiceTime(startedAt: number): void {
    this.#measure('ServiceTime', startedAt);
  }

  /** An outcome was published. @param submittedAt when its request was submitted, if known */
  countPublished(outcome: Outcome, submittedAt: number): void {
    this.#count(COUNT_BY_STATUS[outcome.status]);
    if (outcome.status === 'failed') this.#collected.fail(countedCode(outcome.problem.code));
    this.#measure('EndToEnd', submittedAt);
  }

  countRetried(): void {
    this.#count('Retried');
  }

  countDeferred(): void {
    this.#count('Deferred');
  }

  countDeadLettered(): void {
    this.#count('DeadLettered');
  }

  /** Emits what was collected since the last call. Never throws: a failing metric must not fail a batch. */
  emit(): void {
    const collected = this.#collected;
    const messages = this.#messages;
    this.#collected = new Collected();
    this.#messages = 0;
    if (messages > 0) collected.values.BatchSize.push(messages);
    if (collected.isEmpty) return;
    try {
      this.#metrics.emit(collected);
    } catch (error) {
      this.#logger.warn('The metrics of a batch could not be emitted', { error: serializeError(error) });
    }
  }

  #count(name: CountName): void {
    this.#collected.count(name, 1);
  }

  /** At least 0, since `since` may come from the clock of another host. */
  #measure(name: DistributionName, since: number): void {
    this.#collected.values[name].push(Math.max(0, this.#now() - since));
  }
}

class Collected implements BatchFigures {
  // Emitted even when 0, so that a success rate can be computed.
  readonly counts: Partial<Record<CountName, number>> = { Succeeded: 0, Failed: 0 };
  readonly values: Record<DistributionName, number[]> = {
    Wait: [],
    ServiceTime: [],
    EndToEnd: [],
    BatchSize: [],
  };
  readonly failures = new Map<CountedCode, number>();

  /** A request may end long after its message was received, so a batch may have metrics without messages. */
  get isEmpty(): boolean {
    const isMeasured = Object.values(this.values).some(({ length }) => length > 0);
    return !isMeasured && Object.values(this.counts).every((count) => count === 0);
  }

  count(name: CountName, more: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + more;
  }

  fail(code: CountedCode): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }
}
