import type { CoatcheckClient, PageOptions, RequestResource } from '../client/index.ts';

/** How the requests of a service stand in sum. */
export interface Ledger {
  readonly accepted: number;
  readonly ended: {
    readonly succeeded: number;
    readonly failed: number;
    readonly cancelled: number;
    readonly expired: number;
  };
  readonly waiting?: number;
  readonly running?: number;
  readonly deadLettered?: number;
  /** Accepted requests that are in none of the other figures. */
  readonly drift?: number;
  readonly at: string;
}

/** Failures with one cause. */
export interface FailureGroup {
  readonly id: string;
  readonly code: string;
  readonly message: string;
  /** Top frame of the stack. */
  readonly frame?: string;
  readonly firstSeenAt: string;
  readonly lastSeenAt: string;
  readonly count: number;
  readonly tenants?: readonly string[];
  readonly note?: { readonly text: string; readonly by?: string; readonly at: string };
}

/** Which requests an action is about. */
export interface ActionFilter {
  readonly ids?: readonly string[];
  readonly failureGroup?: string;
  readonly code?: string;
  readonly tenant?: string;
  readonly topic?: string;
  readonly status?: string;
  readonly since?: Date | string;
  readonly until?: Date | string;
}

/** An action to plan. */
export interface NewAction {
  readonly action: 'redrive' | 'purge' | 'cancel' | 'retry';
  readonly filter: ActionFilter;
  readonly reason?: string;
}

/** What applying a plan takes of it. */
export interface SeenPlan {
  /** Identifies the planned requests. */
  readonly hash: string;
  /** How many they are. */
  readonly count: number;
}

/** An action on many requests: planned, then applied. */
export interface Action extends SeenPlan {
  readonly id: string;
  readonly action: string;
  readonly filter: ActionFilter;
  readonly state: 'planned' | 'running' | 'succeeded' | 'stopped' | 'aborted' | 'expired';
  readonly sample?: readonly { readonly id: string; readonly tenant?: string; readonly status: string }[];
  readonly reason?: string;
  readonly createdAt: string;
  readonly createdBy?: string;
  readonly expiresAt?: string;
  readonly appliedAt?: string;
  readonly endedAt?: string;
  readonly progress?: {
    readonly handled: number;
    readonly done: number;
    readonly skipped: number;
    readonly failed: number;
  };
  readonly stoppedBecause?: string;
}

interface Signalled {
  readonly signal?: AbortSignal;
}

interface Listed extends Signalled {
  /** Most in a page, 1 to 100. */
  readonly limit?: number;
}

/** What only some services and clients have. A page about an absent one says that it isn't available. */
export interface OperatorResources {
  ledger(options?: Signalled): Promise<Ledger>;
  /** A client that has them also filters requests by more than their status. */
  readonly failures: {
    list(options?: Listed): AsyncIterable<FailureGroup>;
    get(id: string, options?: Signalled): Promise<FailureGroup>;
    requests(id: string, options?: Listed): AsyncIterable<SeenRequest>;
    setNote(id: string, text: string, options?: Signalled): Promise<FailureGroup>;
  };
  readonly actions: {
    plan(action: NewAction, options?: Signalled): Promise<Action>;
    apply(id: string, seen: SeenPlan, options?: Signalled): Promise<Action>;
    abort(id: string, options?: Signalled): Promise<Action>;
    get(id: string, options?: Signalled): Promise<Action>;
    list(options?: Listed): AsyncIterable<Action>;
  };
}

/** The client of a service, with the operator's resources if it has them. */
export type OperatorClient = CoatcheckClient & Partial<OperatorResources>;

/** A request as an operator sees it. */
export type SeenRequest = RequestResource & {
  readonly tenant?: string;
  /** Group of its failure. */
  readonly failureGroup?: string;
};

/** Which requests to list, with what only some services filter by. */
export interface RequestSelection extends PageOptions {
  readonly tenant?: string;
  readonly topic?: string;
  readonly code?: string;
  readonly handlerVersion?: string;
  /** RFC 3339. */
  readonly since?: string;
  readonly until?: string;
}
