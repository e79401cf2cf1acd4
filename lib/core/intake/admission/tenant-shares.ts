/** How finely time is kept: what was asked for is forgotten after a minute, and at most this much more. */
const WINDOW_MILLISECONDS = 10_000;
const WINDOWS_KEPT = 7;

/** A share of fewer requests says nothing. */
const LEAST_ADMITTED = 20;

/** Requests of some time. */
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
 * Who asked one instance lately, and what was admitted. A load balancer spreads requests evenly, so that each instance
 * sees a fair sample.
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
   * Whether more than so many percent of what was admitted lately is the tenant's, while another one asked too. Not if
   * it asked for no more than its share: it has so much only because another one was refused.
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

  /** The window that runs; older ones than those kept are forgotten. */
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
