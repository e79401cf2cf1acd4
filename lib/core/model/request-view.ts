import type { Priority } from './priority.ts';
import { type Progress, type RequestRecord, type RequestStatus, statusOf } from './request-record.ts';

/** The state of a request, from its record. */
export interface RequestView {
  readonly id: string;
  readonly tenant?: string;
  readonly topic?: string;
  /** Absent if its sender stated none: then it is `normal`. */
  readonly priority?: Priority;
  /** It doesn't start before this time. */
  readonly notBefore?: Date;
  readonly status: RequestStatus;
  /** Attempts started. */
  readonly attempts: number;
  /** The version of the code that took the latest attempt, if it has one. */
  readonly handlerVersion?: string;
  /** The error of the latest failed attempt. */
  readonly lastError?: { readonly name: string; readonly message: string; readonly code?: unknown };
  /** The progress that the latest attempt reported. */
  readonly progress?: Progress;
  /** Checkpoints that the handler saved, if any. */
  readonly checkpoints?: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The state of a record's request. @param now milliseconds since 1970 */
export function viewOf(record: RequestRecord, now: number): RequestView {
  const { request, attempts, handlerVersion, lastError, progress, checkpoint, createdAt, updatedAt } = record;
  return {
    id: request.id,
    tenant: request.tenant,
    topic: request.topic,
    priority: request.priority,
    notBefore: request.notBefore === undefined ? undefined : new Date(request.notBefore),
    status: statusOf(record, now),
    attempts,
    handlerVersion,
    lastError,
    progress,
    checkpoints: checkpoint?.number,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  };
}
