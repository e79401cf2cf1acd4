import { traceIdOf } from './traceparent.ts';

/** The fields that identify the log lines of one request. */
export interface RequestFields {
  readonly requestId: string;
  readonly tenant?: string;
  /** The id of its trace, if known: 32 hexadecimal digits. */
  readonly traceId?: string;
}

/** The fields of every log line about a request. */
export function requestFields({
  id,
  tenant,
  traceparent,
}: {
  readonly id: string;
  readonly tenant?: string;
  readonly traceparent?: string;
}): RequestFields {
  return { requestId: id, tenant, traceId: traceparent && traceIdOf(traceparent) };
}
