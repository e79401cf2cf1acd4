/** Length of a window. Requests are forgotten after one minute to one minute and a window. */
const WINDOW_MILLISECONDS = 10_000;
const WINDOWS_KEPT = 7;

/** Least number of admitted requests for which shares are computed. */
const LEAST_ADMITTED = 20;

/** Counts of requests in a time. */
interface Count {
  asked: number;
  admitted: number;
}

interface Window {
  readonly number: number;
  readonly all: Count;
  readonly byTenant: Map<string, Count>;
}

/**
 * Counts the recent requests to one instance, and those admitted, by tenant. A load balancer spreads requests evenly,
 * so each instance sees a fair sample.
 */
export class TenantShares {
  #windows: readonly Window[] = [];

  /** @param now milliseconds since 1970 */
  note(tenant: string | undefined, admitted: boolean, now: number): void {
    const { all, byTenant } = this.#windowAt(now);
    add(all, admitted);
    if (tenant === undefined) return;
    const own = byTenant.get(tenant) ?? { asked: 0, admitted: 0 };
    add(own, admitted);
    byTenant.set(tenant, own);
  }

  /**
   * Whether a tenant has more than `percent` of the recently admitted requests, while other tenants made requests, too.
   * False if it made no more than its share of all requests: it then has more only because others were rejected.
   * @param now milliseconds since 1970
   */
  isOver(tenant: string, percent: number, now: number): boolean {
    this.#windowAt(now);
    const all = sum(this.#windows.map((window) => window.all));
    const own = sum(this.#windows.flatMap(({ byTenant }) => byTenant.get(tenant) ?? []));
    return (
      all.admitted >= LEAST_ADMITTED &&
      own.admitted * 100 > all.admitted * percent &&
      own.asked * 100 > all.asked * percent &&
      this.#windows.some(({ byTenant }) => byTenant.size > (byTenant.has(tenant) ? 1 : 0))
    );
  }

  /** The current window. Drops windows that are too old. */
  #windowAt(now: number): Window {
    const number = Math.floor(now / WINDOW_MILLISECONDS);
    const kept = this.#windows.filter((window) => window.number > number - WINDOWS_KEPT);
    const current = kept.find((window) => window.number === number);
    const window = current ?? { number, all: { asked: 0, admitted: 0 }, byTenant: new Map() };
    this.#windows = current ? kept : [...kept, window];
    return window;
  }
}

function add(count: Count, admitted: boolean): void {
  count.asked++;
  if (admitted) count.admitted++;
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce(
    (total, { asked, admitted }) => ({ asked: total.asked + asked, admitted: total.admitted + admitted }),
    { asked: 0, admitted: 0 },
  );
}
