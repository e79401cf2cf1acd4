import { traceIdOf } from './traceparent.ts';

/** The fields by which the log lines about one request are found. */
export interface RequestFields {
  readonly requestId: string;
  readonly tenant?: string;
  /** Of the trace it belongs to, if anybody said so: 32 hexadecimal digits. */
  readonly traceId?: string;
}

/** What every log line about a request says of it. */
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
