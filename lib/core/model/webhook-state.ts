import { isObject, type JsonObject } from '../base/json-object.ts';

/** The state of an outcome's webhook after its first attempt. Times are milliseconds since 1970. */
export interface WebhookState {
  readonly status: AttemptedStatus;
  /** When the request ended. An outcome with another time has another webhook. */
  readonly endedAt: number;
  /** When the latest attempt was made. */
  readonly at: number;
  /** Attempts made. */
  readonly attempts: number;
  /** Why the latest attempt failed; absent if it succeeded. */
  readonly reason?: string;
  /** When the next attempt is due, if there is one. */
  readonly nextAttemptAt?: number;
}

/** The statuses of a webhook, in the order of the API's description. */
export const ATTEMPTED_STATUSES = ['delivered', 'failing', 'disabled', 'dead_lettered'] as const;

/**
 * `delivered`: the receiver accepted it. `failing`: not yet. `disabled`: the receiver doesn't want it. `dead_lettered`: it
 * is in the webhooks' dead-letter queue.
 */
export type AttemptedStatus = (typeof ATTEMPTED_STATUSES)[number];

/** The statuses of a webhook that a request shows: also those without an attempt. */
export const WEBHOOK_STATUSES = ['pending', ...ATTEMPTED_STATUSES] as const;

/** `pending`: not attempted yet. */
export type WebhookStatus = (typeof WEBHOOK_STATUSES)[number];

/** Longest reason that is recorded, in characters. */
const REASON_MAX_LENGTH = 200;

/** Shortens a reason for the record. */
export function shortReason(reason: string): string {
  return reason.slice(0, REASON_MAX_LENGTH).toWellFormed();
}

/**
 * Parses a recorded state: JSON, and its separate times.
 * @returns undefined if it isn't a state
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
