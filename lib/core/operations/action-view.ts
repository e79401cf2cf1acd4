import {
  type Action,
  type ActionProgress,
  type ActionState,
  actionStateAt,
  type ListedRequest,
} from '../model/action.ts';
import type { StoredAction } from '../ports/action-store.ts';

/** An action, for operators. */
export interface ActionView
  extends Pick<Action, 'id' | 'action' | 'filter' | 'rate' | 'canary' | 'reason' | 'createdBy'> {
  readonly state: ActionState;
  /** The payload that it retries a request with, instead of the original one. */
  readonly payload?: { readonly size: number; readonly contentType: string };
  /** How many requests it is for. */
  readonly count: number;
  /** A digest of these requests, which applying the plan takes. */
  readonly hash: string;
  /** The first of them. */
  readonly sample: readonly ListedRequest[];
  readonly createdAt: Date;
  /** Until then, the plan can be applied. */
  readonly expiresAt: Date;
  readonly appliedAt?: Date;
  readonly endedAt?: Date;
  readonly progress: ActionProgress & {
    /** All of them. */
    readonly handled: number;
  };
  /** Why the canary stopped it. */
  readonly stoppedBecause?: string;
}

/** @param now milliseconds since 1970 */
export function actionViewOf({ action, progress }: StoredAction, now: number): ActionView {
  const { payload, canaryPassedAt: _, createdAt, expiresAt, appliedAt, endedAt, ...shown } = action;
  const { done, skipped, failed } = progress;
  return {
    ...shown,
    state: actionStateAt(action, now),
    ...(payload && {
      payload: { size: Buffer.byteLength(payload.base64, 'base64'), contentType: payload.contentType },
    }),
    createdAt: new Date(createdAt),
    expiresAt: new Date(expiresAt),
    ...(appliedAt !== undefined && { appliedAt: new Date(appliedAt) }),
    ...(endedAt !== undefined && { endedAt: new Date(endedAt) }),
    progress: { handled: done + skipped + failed, done, skipped, failed },
  };
}
