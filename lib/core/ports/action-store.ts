import type { Action, ActionItem, ActionProgress, ActionTarget, ListedItem } from '../model/action.ts';
import type { EndStatus } from './action-targets.ts';

/** An action as a store keeps it. */
export interface StoredAction {
  readonly action: Action;
  readonly progress: ActionProgress;
  /** The number of this write of the action, from 1. Progress counts for none. */
  readonly revision: number;
}

/** Consecutive actions of a list. */
export interface ActionPage {
  readonly actions: readonly StoredAction[];
  /** The `after` of the next page; absent on the last page. */
  readonly next?: string;
}

/** Consecutive requests that a plan lists. */
export interface ListedItemPage {
  readonly requests: readonly ListedItem[];
  /** The `after` of the next page; absent on the last page. */
  readonly next?: string;
}

/** How the requests of a canary stand. */
export interface CanaryCounts {
  /** Requests that were handled and run again. */
  readonly watched: number;
  /** Of these, those that have ended. */
  readonly ended: number;
  /** Of these, those that failed. */
  readonly failed: number;
}

/** A request of a canary that has ended. */
export interface CanaryEnd {
  readonly ordinal: number;
  readonly status: EndStatus;
}

/**
 * Stores actions, with the requests that their plans list. Several processes may share a store: an action that runs is leased by one
 * of them at a time. The store doesn't change requests: see `ActionTargets`.
 */
export interface ActionStore {
  /** Stores a plan with what it lists. It can be found when all of it is stored. */
  create(action: Action, targets: readonly ActionTarget[]): Promise<StoredAction>;
  find(id: string): Promise<StoredAction | undefined>;
  /** Lists actions, newest first. */
  list(after: string | undefined, limit: number): Promise<ActionPage>;
  /** Lists the requests of an action, in their order. Those of a plan that was never applied are gone when its time is over. */
  listed(id: string, after: string | undefined, limit: number): Promise<ListedItemPage>;
  /** Writes if the stored revision is one less. @returns whether it was */
  write(action: Action, revision: number): Promise<boolean>;
  /**
   * Leases the running action that has waited the longest for its next step; undefined if none is due.
   * @param id only this one, for a store that can't find those that are due
   */
  takeDue(now: number, leasedUntil: number, id?: string): Promise<StoredAction | undefined>;
  /** Ends the lease of an action that runs. @param at when its next step is due */
  setDue(id: string, at: number): Promise<void>;
  /** Requests that aren't handled, in their order. @param before only those whose place in the plan is less */
  pending(id: string, before: number, limit: number): Promise<readonly ActionItem[]>;
  /** Requests of the canary that were handled and aren't known to have ended. */
  watched(id: string, canarySize: number, limit: number): Promise<readonly ActionItem[]>;
  /** Notes requests of the canary that have ended. */
  noteEnds(id: string, ends: readonly CanaryEnd[]): Promise<void>;
  countCanary(id: string, canarySize: number): Promise<CanaryCounts>;
}
