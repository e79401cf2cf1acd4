import { CoatcheckError } from '../core/base/errors.ts';
import { IdempotencyKeyBusy, RequestIdBusy } from '../core/intake/errors.ts';
import { LimitContended } from '../core/limits/errors.ts';
import { RecordContended, RecordMissing } from '../core/records/errors.ts';
import { WebhookEndpointsContended } from '../core/webhooks/errors.ts';
import { type HttpProblem, ProblemError } from './problem.ts';

/** HTTP status by code, for the errors that the core throws because of a client's mistake. */
const STATUSES = {
  action_invalid: 422,
  action_not_planned: 409,
  action_over: 409,
  action_payload_unknown: 404,
  action_unknown: 404,
  filter_empty: 422,
  filter_invalid: 422,
  metadata_undeclared: 400,
  plan_changed: 409,
  plan_expired: 409,
  plan_too_large: 422,
  payload_empty: 400,
  payload_too_large: 413,
  idempotency_key_reused: 422,
  request_id_reused: 422,
  request_id_busy: 409,
  limit_invalid: 422,
  limit_unknown: 404,
  idempotency_key_busy: 409,
  request_unknown: 404,
  batch_unknown: 404,
  failure_group_unknown: 404,
  batch_closed: 409,
  batch_full: 409,
  batch_invalid: 422,
  batch_key_invalid: 400,
  batch_key_reused: 422,
  import_running: 409,
  manifest_invalid: 422,
  manifest_missing: 422,
  manifest_denied: 422,
  not_before_invalid: 400,
  not_before_unsupported: 422,
  part_unknown: 404,
  pause_invalid: 422,
  priority_unsupported: 422,
  schedule_invalid: 422,
  schedule_limit: 409,
  schedule_unknown: 404,
  upload_over: 409,
  upload_incomplete: 409,
  upload_unknown: 404,
  webhook_endpoint_unknown: 404,
  webhook_endpoint_invalid: 422,
  webhook_endpoint_limit: 409,
  webhook_endpoint_disabled: 409,
  rotation_unfinished: 409,
  replay_invalid: 422,
} as const;

/** The problem for the response to an error; undefined for an internal error. */
export function problemOfError(error: unknown): HttpProblem | undefined {
  if (error instanceof ProblemError) return error.problem;
  if (
    error instanceof RecordContended ||
    error instanceof WebhookEndpointsContended ||
    error instanceof LimitContended
  ) {
    return { status: 409, code: error.code, detail: error.message, headers: retryAfterHeader(1) };
  }
  // To the client, a missing record is an unknown request.
  if (error instanceof RecordMissing) {
    return { status: 404, code: 'request_unknown', detail: error.message };
  }
  if (!(error instanceof CoatcheckError) || !isKnown(error.code)) return undefined;
  const isBusy = error instanceof IdempotencyKeyBusy || error instanceof RequestIdBusy;
  const headers = isBusy ? retryAfterHeader(error.retryAfterSeconds) : undefined;
  return { status: STATUSES[error.code], code: error.code, detail: error.message, headers };
}

/** The answer for an internal error. Its cause is in the log. */
export const INTERNAL_PROBLEM: HttpProblem = {
  status: 500,
  code: 'internal_error',
  detail: 'The service failed; try again later',
};

/** The `Retry-After` header. */
export function retryAfterHeader(seconds: number): Record<string, string> {
  return { 'Retry-After': String(seconds) };
}

function isKnown(code: string): code is keyof typeof STATUSES {
  return Object.hasOwn(STATUSES, code);
}
