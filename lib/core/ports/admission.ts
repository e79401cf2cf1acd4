/** What an admission is decided on. Absent figures are unknown; those that are there are finite. */
export interface Load {
  /** Requests that wait or are being processed; of those between two attempts only as many as could be processed. */
  readonly backlog?: number;
  /** Requests completed a second, lately; what the service can be expected to complete at least. */
  readonly completionsPerSecond?: number;
  /** How long a request admitted now waits until it is done, in seconds. */
  readonly predictedWaitSeconds?: number;
  readonly maxWaitSeconds: number;
}

/** Whether a request is taken. */
export type AdmissionDecision =
  | { readonly admitted: true; readonly load: Load }
  | {
      readonly admitted: false;
      /** Everyone's requests are too many, or this tenant's share of them is. */
      readonly reason: 'overloaded' | 'tenant_over_share';
      /** After which it is worth asking again, whole seconds from 1. */
      readonly retryAfterSeconds: number;
      readonly load: Load;
    };

/** Who wants a request to be taken. */
export interface Submitter {
  readonly tenant?: string;
  /** Milliseconds since 1970 after which nobody waits for the outcome. */
  readonly expiresAt?: number;
}

/** How full the service is, and what comes of it. */
export interface AdmissionState {
  readonly load: Load;
  /** Whether a request that came now would be taken, as far as that doesn't depend on whose it is. */
  readonly accepting: boolean;
}

/** Decides whether requests are taken. */
export interface Admission {
  decide(submitter: Submitter): Promise<AdmissionDecision>;
  /** What it would decide, without anybody applying. */
  state(): Promise<AdmissionState>;
}
