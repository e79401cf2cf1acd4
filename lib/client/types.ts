import type { ErrorSummary } from '../core/base/serialize-error.ts';
import type { Problem as OutcomeProblem } from '../core/model/outcome.ts';
import type { Progress, RequestStatus } from '../core/model/request-record.ts';
import type { Load } from '../core/ports/admission.ts';

export type { Load, OutcomeProblem, Progress, RequestStatus };

/** A request as the API shows it. Times are RFC 3339 in UTC. */
export interface RequestResource {
  /** The ticket. */
  readonly id: string;
  /** Who gave the id, where it wasn't this API: such a request is found with `source` only. */
  readonly source?: string;
  readonly status: RequestStatus;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** When it succeeded, failed, was cancelled or expired. */
  readonly endedAt?: string;
  /** After that it isn't begun any more. */
  readonly expiresAt?: string;
  /** The trace it belongs to, if anybody said so. */
  readonly traceparent?: string;
  /** Attempts begun. */
  readonly attempts: number;
  /** How far the latest attempt says it is. */
  readonly progress?: Progress;
  /** What the latest attempt that failed threw. */
  readonly lastError?: ErrorSummary;
  /** What its result is like, when it succeeded. */
  readonly result?: { readonly size: number; readonly contentType: string };
  /** Why there is no result, when it failed, was cancelled or expired. */
  readonly problem?: OutcomeProblem;
  /** How telling its end by webhook stands, where it is told so. */
  readonly webhook?: WebhookDelivery;
  /** Paths below the API's base URL. */
  readonly links: { readonly self: string; readonly result: string; readonly cancel: string };
}

/** How a webhook stands. */
export interface WebhookDelivery {
  /**
   * `delivered`, `disabled` (its receiver answered 410) and `given_up` (it is in the webhooks' dead-letter queue) are how
   * it ends.
   */
  readonly status: 'pending' | 'delivered' | 'failing' | 'disabled' | 'given_up';
  /** When it was attempted last; while it is pending, when the request ended. */
  readonly at: string;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly reason?: string;
  readonly nextAttemptAt?: string;
}

/** A page of requests. */
export interface RequestPage {
  /** May be fewer than asked for though there are more. */
  readonly requests: readonly RequestResource[];
  /** What the next page is asked for with; absent on the last one. */
  readonly next?: string;
}

/** What the service says of itself. */
export interface ServiceStatus {
  readonly load: Load;
  /** Whether a request handed in now would be taken. */
  readonly accepting: boolean;
}

/**
 * An error as the API tells it, with the facts that belong to it as further members.
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export interface ApiProblem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** What programs branch on. */
  readonly code: string;
  readonly instance?: string;
  readonly [fact: string]: unknown;
}

const TERMINAL: readonly RequestStatus[] = ['succeeded', 'failed', 'cancelled', 'expired'];

/** Whether a request has ended: it keeps its status then. */
export function hasEnded({ status }: Pick<RequestResource, 'status'>): boolean {
  return TERMINAL.includes(status);
}
