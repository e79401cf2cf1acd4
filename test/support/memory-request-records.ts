import type { Outcome } from '../../lib/core/outcome.ts';
import type { Claim, RequestRecords } from '../../lib/core/ports.ts';
import type { RequestIdentity } from '../../lib/core/request-id.ts';
import { Faults } from './faults.ts';

interface RequestRecord {
  lease?: { readonly id: string; readonly endsAt: number };
  outcome?: Outcome;
  readonly releases: unknown[];
}

/** Records in memory: a lease keeps others off until it ends, a terminal outcome stays. */
export class MemoryRequestRecords implements RequestRecords {
  readonly faults = new Faults<'claim' | 'complete' | 'release'>();
  readonly #now: () => number;
  readonly #records = new Map<string, RequestRecord>();
  #leases = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Where a request stands. */
  record({ id, issuer = '', tenant }: Partial<RequestIdentity>): RequestRecord {
    const key = JSON.stringify([issuer, id, tenant]);
    const record = this.#records.get(key) ?? { releases: [] };
    this.#records.set(key, record);
    return record;
  }

  claim(request: RequestIdentity, _attempt: number, leaseEndsAt: number): Promise<Claim> {
    return this.faults.around('claim', () => {
      const record = this.record(request);
      if (record.outcome) return { status: 'finished', outcome: record.outcome };
      if (record.lease && record.lease.endsAt > this.#now()) {
        return { status: 'running', leaseEndsAt: record.lease.endsAt };
      }
      const lease = `lease-${++this.#leases}`;
      record.lease = { id: lease, endsAt: leaseEndsAt };
      return { status: 'claimed', lease };
    });
  }

  complete(request: RequestIdentity, lease: string, outcome: Outcome): Promise<boolean> {
    return this.faults.around('complete', () => {
      const record = this.record(request);
      if (record.outcome || record.lease?.id !== lease) return false;
      record.outcome = outcome;
      return true;
    });
  }

  release(request: RequestIdentity, lease: string, error: unknown): Promise<void> {
    return this.faults.around('release', () => {
      const record = this.record(request);
      if (record.lease?.id !== lease) return;
      delete record.lease;
      record.releases.push(error);
    });
  }
}
