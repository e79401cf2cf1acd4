import type { Limit } from '../../lib/core/config/limits.ts';

/** What a process of the benchmark runs. */
export interface JobsOrder {
  readonly limits: readonly Limit[];
  readonly jobs: number;
  /** The jobs take turns. */
  readonly tenants: number;
  /** How long a job takes. */
  readonly milliseconds: number;
  /** Most jobs at a time, of all tenants. */
  readonly concurrency: number;
}

/** The figures of a run. */
export interface JobsRun {
  readonly perSecond: number;
  readonly cpuMicroseconds: number;
  /** Of one tenant. */
  readonly mostAtATime: number;
  /** How often a job went back to the queue on average. */
  readonly sentBack: number;
}

/** The largest number of jobs of a tenant that ran at the same time. */
export class MostAtATime {
  most = 0;
  readonly #running = new Map<string, number>();

  begin(tenant: string): Disposable {
    this.#change(tenant, 1);
    return { [Symbol.dispose]: () => this.#change(tenant, -1) };
  }

  #change(tenant: string, by: number): void {
    const running = (this.#running.get(tenant) ?? 0) + by;
    this.#running.set(tenant, running);
    this.most = Math.max(this.most, running);
  }
}
