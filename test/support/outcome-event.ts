import type { OutputMessage } from '../../lib/core/ports/message-sink.ts';

/** The problem of a failed outcome. */
export interface ProblemData {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly code: string;
  readonly attempts: number;
  readonly details?: unknown;
}

/** An outcome's CloudEvent as a consumer reads it. */
export interface OutcomeEvent {
  readonly specversion: string;
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: string;
  readonly requestsource?: string;
  readonly tenant?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly data?: unknown;
  readonly data_base64?: string;
  readonly dataref?: string;
}

/** Reads an outcome's CloudEvent. */
export function outcomeEvent({ body }: Pick<OutputMessage, 'body'>): OutcomeEvent {
  return JSON.parse(body);
}

/** The last word of an event's type: `succeeded`, `failed`, … */
export function statusOf({ type }: OutcomeEvent): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

/** The problem of an event that has one. */
export function problemOf({ data, type }: OutcomeEvent): ProblemData {
  if (!isProblem(data)) throw new Error(`${type} has no problem`);
  return data;
}

function isProblem(data: unknown): data is ProblemData {
  return typeof data === 'object' && data !== null && 'code' in data && 'attempts' in data;
}
