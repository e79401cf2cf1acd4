import type { Progress, RequestRecord, RequestStatus } from '../core/model/request-record.ts';

/** A request as its record stands. */
export interface TestRequest {
  readonly id: string;
  readonly tenant?: string;
  readonly status: RequestStatus;
  /** Attempts begun. */
  readonly attempts: number;
  /** The error of the latest failed attempt. */
  readonly lastError?: { readonly name: string; readonly message: string; readonly code?: unknown };
  /** What the latest attempt reported. */
  readonly progress?: Progress;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a record says of its request. */
export function requestOf(record: RequestRecord): TestRequest {
  const { request, status, attempts, lastError, progress, createdAt, updatedAt } = record;
  return {
    id: request.id,
    tenant: request.tenant,
    status,
    attempts,
    lastError,
    progress,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
