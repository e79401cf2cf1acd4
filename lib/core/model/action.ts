import type { Metadata } from './kept-metadata.ts';
import type { RequestIdentity } from './request-id.ts';
import { REQUEST_STATUSES, type RequestStatus } from './request-record.ts';

/** What operators do to many requests at once. */
export const ACTION_KINDS = ['redrive', 'purge', 'cancel', 'retry', 'rehearse'] as const;

/**
 * `redrive` puts dead-lettered requests back. `purge` deletes dead letters. `cancel` cancels requests that haven't ended. `retry`
 * submits failed requests again, as new ones. `rehearse` runs dead-lettered requests once and keeps nothing of it.
 */
export type ActionKind = (typeof ACTION_KINDS)[number];

/** The states of an action. The last four are final. */
export const ACTION_STATES = ['planned', 'running', 'succeeded', 'stopped', 'aborted', 'expired'] as const;

export type ActionState = (typeof ACTION_STATES)[number];

/** Selects requests: all conditions must hold. Times are milliseconds since 1970. */
export interface ActionFilter {
  /** Ids of requests. */
  readonly ids?: readonly string[];
  /** Failures with this fingerprint. */
  readonly failureGroup?: string;
  /** The code of the latest error, or that of the problem that the request ended with. */
  readonly code?: string;
  /** The tenant; an empty one selects requests without a tenant. */
  readonly tenant?: string;
  readonly topic?: string;
  readonly status?: RequestStatus;
  /** The version of the code that took the latest attempt. */
  readonly handlerVersion?: string;
  /** These values in the metadata that records keep, by declared keys. */
  readonly metadata?: Metadata;
  /** Ended since then, or submitted since then if it hasn't ended. */
  readonly since?: number;
  /** Ended before then, or submitted before then if it hasn't ended. */
  readonly until?: number;
  /** Submitted since then. */
  readonly createdSince?: number;
  /** Submitted before then. */
  readonly createdUntil?: number;
}

/** Handles a part of the requests first, and the others only if few of these fail again. */
export interface Canary {
  /** The part, in percent of the requests. At least one request. */
  readonly percent: number;
  /** The action stops if more than this percentage of the part fails again. */
  readonly stopAbovePercent: number;
}

/** A payload to retry a request with, instead of the original one. */
export interface EditedPayload {
  readonly base64: string;
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an operator plans. */
export interface ActionRequest {
  readonly action: ActionKind;
  readonly filter: ActionFilter;
  /** Most requests in a second. @default 50 */
  readonly rate?: number;
  /** @default - all requests are handled, whatever becomes of them */
  readonly canary?: Canary;
  /** Why, for the log of operations. */
  readonly reason?: string;
  /** Only for a retry of one request. @default - the payload that it had */
  readonly payload?: EditedPayload;
  /** Who plans it; never a secret. */
  readonly createdBy?: string;
}

/** A request that a plan lists. */
export interface ListedRequest extends RequestIdentity {
  /** When it was listed. */
  readonly status: RequestStatus;
}

/** An action, as it is stored. Times are milliseconds since 1970. */
export interface Action extends Omit<ActionRequest, 'rate'> {
  readonly id: string;
  readonly rate: number;
  /** A plan whose time is over is still `planned` here: see {@link actionStateAt}. */
  readonly state: Exclude<ActionState, 'expired'>;
  /** How many requests the plan lists. */
  readonly count: number;
  /** A digest of the requests that the plan lists. */
  readonly hash: string;
  /** The first of them. */
  readonly sample: readonly ListedRequest[];
  readonly createdAt: number;
  /** After that, the plan can't be applied. */
  readonly expiresAt: number;
  readonly appliedAt?: number;
  /** When few enough requests of the canary had failed. */
  readonly canaryPassedAt?: number;
  readonly endedAt?: number;
  /** Why the canary stopped it. */
  readonly stoppedBecause?: string;
}

/** The result of a request that a plan lists. Of a rehearsal: it would succeed, it isn't known, or it would fail. */
export const ITEM_RESULTS = ['done', 'skipped', 'failed'] as const;

export type ItemResult = (typeof ITEM_RESULTS)[number];

/** How many requests an action has handled, by result. */
export type ActionProgress = Readonly<Record<ItemResult, number>>;

/** A request that a plan lists, with its result. */
export interface ListedItem extends ListedRequest, Partial<ItemSettlement> {}

/** A request for an action. */
export interface ActionTarget extends ListedRequest {
  /** Its dead letter, as the store names it; absent if the action is on its record. */
  readonly letter?: string;
  /** How often it had been redriven. */
  readonly redrives?: number;
}

/** A request that a plan lists. */
export interface ActionItem extends Omit<ActionTarget, 'status'> {
  /** Its place in the plan, from 0. */
  readonly ordinal: number;
  /** The new request, if it was retried. */
  readonly retriedAs?: string;
}

/** What happened to a request that a plan lists. */
export interface ItemSettlement {
  readonly result: ItemResult;
  /** Why it was skipped, or what failed. */
  readonly detail?: string;
  /** The new request, if it was retried: by this action, or before if it was skipped. */
  readonly retriedAs?: string;
}

/** Most requests that a plan lists: so many are in memory while it is made. */
export const MAX_LISTED = 100_000;

/** Most ids in a filter. */
export const MAX_FILTER_IDS = 1_000;

/** Requests that an action handles in a second, unless it says otherwise. */
export const DEFAULT_ACTION_RATE = 50;

/** Highest rate of an action. */
export const MAX_ACTION_RATE = 1_000;

/** Longest reason, in characters. */
export const MAX_REASON_LENGTH = 500;

/** How long a plan can be applied. */
export const PLAN_MILLISECONDS = 15 * 60_000;

/** Listed requests that an action shows. */
export const SAMPLE_SIZE = 20;

/** What an action is, whatever its store. */
interface ActionRules {
  /** The statuses of requests that it can list. */
  readonly statuses: readonly RequestStatus[];
  /** Whether its requests run again, so that a canary can wait for their outcomes. */
  readonly runs: boolean;
}

const ENDED: readonly RequestStatus[] = ['succeeded', 'failed', 'cancelled', 'expired'];

/** See {@link ActionKind}. */
export const ACTION_RULES: Readonly<Record<ActionKind, ActionRules>> = {
  redrive: { statuses: ENDED, runs: true },
  purge: { statuses: ENDED, runs: false },
  cancel: { statuses: REQUEST_STATUSES.filter((status) => !ENDED.includes(status)), runs: false },
  retry: { statuses: ['failed'], runs: true },
  rehearse: { statuses: ENDED, runs: false },
};

/** The state of an action: a plan that wasn't applied in time is `expired`. */
export function actionStateAt({ state, expiresAt }: Action, now: number): ActionState {
  return state === 'planned' && expiresAt <= now ? 'expired' : state;
}

/** The requests that an action handles before it waits for their outcomes; 0 if it doesn't wait. */
export function canarySizeOf({ canary, count }: Pick<Action, 'canary' | 'count'>): number {
  return canary ? Math.min(count, Math.max(1, Math.ceil((count * canary.percent) / 100))) : 0;
}
