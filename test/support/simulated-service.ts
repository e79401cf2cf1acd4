import { LoadMeter } from '../../lib/core/engine/load-meter.ts';
import { LoadAdmission } from '../../lib/core/intake/admission/load-admission.ts';
import { arrivalsOf, seededRandom } from '../../lib/planner/random.ts';
import { MemoryLoadLog } from '../../lib/stores/memory/load-log.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { START, TestClock } from './test-clock.ts';

/** Resolution of the simulation. */
const TICK_MILLISECONDS = 100;

/** Options of a {@link SimulatedService}. */
export interface SimulatedServiceOptions {
  readonly seed: number;
  /** Instances of the API; each one decides separately. */
  readonly frontEnds: number;
  /** Instances of the processor; each one runs a batch at a time. */
  readonly processors: number;
  readonly batchSize: number;
  /** Mean duration of a request; exponentially distributed. */
  readonly meanSeconds: number;
  readonly firstSlots: number;
  readonly reachableSlots: number;
  readonly maxWaitSeconds: number;
  /** Whether refused clients return after the given time. */
  readonly persistent: boolean;
}

/** New requests of a tenant. */
export interface Arrivals {
  readonly tenant?: string;
  readonly perSecond: number;
}

/** An admitted request. Times are seconds since the start. */
export interface AdmittedRequest {
  readonly tenant: string | undefined;
  readonly admittedAt: number;
  endedAt: number | undefined;
}

/** A refused request. Times are seconds since the start. */
export interface RefusedRequest {
  readonly tenant: string | undefined;
  readonly at: number;
  readonly reason: string;
}

/**
 * A service under load in virtual time: clients, API instances that admit or refuse, a queue, and processors that run
 * one batch each and complete it as a whole. Admission and measurement are the real code; the rest is a model.
 */
export class SimulatedService {
  readonly admitted: AdmittedRequest[] = [];
  readonly refused: RefusedRequest[] = [];
  readonly #options: SimulatedServiceOptions;
  readonly #random: () => number;
  readonly #clock = new TestClock();
  readonly #frontEnds: readonly LoadAdmission[];
  readonly #processors: readonly Processor[];
  readonly #waiting: AdmittedRequest[] = [];
  /** Tenants of returning clients, by the tick of their return. */
  readonly #returning = new Map<number, (string | undefined)[]>();
  #inFlight = 0;
  #tick = 0;

  constructor(options: SimulatedServiceOptions) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    const { firstSlots, reachableSlots, maxWaitSeconds } = options;
    const rules = { firstSlots, reachableSlots, maxWaitSeconds, timeoutSeconds: 60, tenantSharePercent: 50 };
    const log = new MemoryLoadLog();
    const logger = new CollectingLogger();
    const clock = this.#clock;
    const random = this.#random;
    const gauge = {
      read: async () => ({ waiting: this.#waiting.length, inFlight: this.#inFlight }),
    };
    this.#frontEnds = Array.from(
      { length: options.frontEnds },
      () => new LoadAdmission(rules, { gauge, log, logger, clock, random }),
    );
    this.#processors = Array.from({ length: options.processors }, () => ({
      meter: new LoadMeter(log, clock.now, logger),
      batch: undefined,
    }));
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (this.#clock.now() - START) / 1_000;
  }

  /** Number of admitted requests that have not ended. */
  get backlog(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /** Number of refused clients that have not returned yet. */
  get returning(): number {
    return [...this.#returning.values()].reduce((sum, clients) => sum + clients.length, 0);
  }

  /** Lets time pass while requests arrive. */
  async run(seconds: number, ...arrivals: readonly Arrivals[]): Promise<void> {
    const end = this.#tick + (seconds * 1_000) / TICK_MILLISECONDS;
    while (this.#tick < end) {
      this.#clock.time = START + ++this.#tick * TICK_MILLISECONDS;
      for (const processor of this.#processors) await this.#end(processor);
      for (const tenant of this.#comingBack()) await this.#ask(tenant);
      for (const { tenant, perSecond } of arrivals) {
        const count = arrivalsOf((perSecond * TICK_MILLISECONDS) / 1_000, this.#random);
        for (let arrival = 0; arrival < count; arrival++) await this.#ask(tenant);
      }
      for (const processor of this.#processors) this.#begin(processor);
    }
  }

  async #ask(tenant: string | undefined): Promise<void> {
    const frontEnd = this.#frontEnds[Math.floor(this.#random() * this.#frontEnds.length)];
    const verdict = await frontEnd?.decide({ tenant });
    if (verdict?.admitted) {
      const request = { tenant, admittedAt: this.seconds, endedAt: undefined };
      this.admitted.push(request);
      this.#waiting.push(request);
    } else if (verdict) {
      this.refused.push({ tenant, at: this.seconds, reason: verdict.reason });
      if (this.#options.persistent) this.#comeBackAfter(verdict.retryAfterSeconds, tenant);
    }
  }

  #comeBackAfter(seconds: number, tenant: string | undefined): void {
    const tick = this.#tick + (seconds * 1_000) / TICK_MILLISECONDS;
    this.#returning.set(tick, [...(this.#returning.get(tick) ?? []), tenant]);
  }

  #comingBack(): readonly (string | undefined)[] {
    const clients = this.#returning.get(this.#tick) ?? [];
    this.#returning.delete(this.#tick);
    return clients;
  }

  #begin(processor: Processor): void {
    if (processor.batch || this.#waiting.length === 0) return;
    const requests = this.#waiting.splice(0, this.#options.batchSize);
    const seconds = requests.map(() => -Math.log(1 - this.#random()) * this.#options.meanSeconds);
    const startedAt = this.#clock.now();
    processor.batch = { requests, startedAt, endsAt: startedAt + Math.max(...seconds) * 1_000 };
    this.#inFlight += requests.length;
  }

  async #end(processor: Processor): Promise<void> {
    const { batch, meter } = processor;
    const now = this.#clock.now();
    if (!batch || batch.endsAt > now) return;
    processor.batch = undefined;
    this.#inFlight -= batch.requests.length;
    for (const request of batch.requests) request.endedAt = this.seconds;
    const completed = batch.requests.length;
    meter.add({ completed, handled: completed, milliseconds: completed * (now - batch.startedAt) });
    await meter.flush(new AbortController().signal);
  }
}

interface Processor {
  readonly meter: LoadMeter;
  batch:
    | { readonly requests: AdmittedRequest[]; readonly startedAt: number; readonly endsAt: number }
    | undefined;
}
