import { isObject, type JsonObject } from '../base/json-object.ts';

/** How the webhook of an outcome stands, once it was attempted. Times are milliseconds since 1970. */
export interface WebhookState {
  readonly status: AttemptedStatus;
  /** When the request ended the outcome is of: another one has another webhook. */
  readonly endedAt: number;
  /** When the latest attempt was made. */
  readonly at: number;
  /** Attempts made. */
  readonly attempts: number;
  /** Why the latest attempt failed, if it did. */
  readonly reason?: string;
  /** When the next attempt is due, if there is one. */
  readonly nextAttemptAt?: number;
}

/** How a webhook stands that was attempted, in the order of the API's description. */
export const ATTEMPTED_STATUSES = ['delivered', 'failing', 'disabled', 'given_up'] as const;

/**
 * `delivered`: its receiver took it. `failing`: it didn't yet. `disabled`: it wants to be told no more of it. `given_up`:
 * it is in the webhooks' dead-letter queue.
 */
export type AttemptedStatus = (typeof ATTEMPTED_STATUSES)[number];

/** Longest reason that is kept, in characters. */
const REASON_MAX_LENGTH = 200;

/** A reason as it is kept. */
export function shortReason(reason: string): string {
  return reason.slice(0, REASON_MAX_LENGTH).toWellFormed();
}

/**
 * Reads a state from what is kept of it: JSON, and its times beside it.
 * @returns undefined when that is no state
 */
export function readWebhookState(
  json: string | undefined,
  { endedAt, at }: { readonly endedAt: number | undefined; readonly at: number | undefined },
): WebhookState | undefined {
  const kept = parsed(json);
  const { attempts, reason, nextAttemptAt } = kept;
  const status = ATTEMPTED_STATUSES.find((known) => known === kept.status);
  if (status === undefined || !isNumber(attempts) || !isNumber(endedAt) || !isNumber(at)) return undefined;
  return {
    status,
    endedAt,
    at,
    attempts,
    ...(typeof reason === 'string' && { reason }),
    ...(isNumber(nextAttemptAt) && { nextAttemptAt }),
  };
}

function parsed(json = 'null'): JsonObject {
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
