/** How long the leases of a process last: as a `Deadline` says. Times are milliseconds since 1970. */
export interface LeaseTerms {
  /** Absent if leases aren't renewed, since the process never outlives them. */
  readonly leaseSeconds?: number;
  /** Whether to keep unused permits for later requests. */
  readonly keepsUnused: boolean;
  /** When a lease ends that is taken now. */
  leaseEndsAt(now: number): number;
}
