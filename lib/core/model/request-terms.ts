import type { TraceContext } from '../base/traceparent.ts';
import type { Priority } from './priority.ts';

/** What the sender of a request says besides its identity and its payload. A request keeps it wherever it goes. */
export interface RequestTerms extends TraceContext {
  /** The callback URL, if the client named one. */
  readonly callbackUrl?: string;
  /** No attempt starts before this time, in milliseconds since 1970. @default - at once */
  readonly notBefore?: number;
  /** No attempt starts after this time, in milliseconds since 1970. */
  readonly expiresAt?: number;
  /** The oldest version of the handler that may run it. */
  readonly minVersion?: string;
  /** What it is about, for the processors and consumers that subscribe to it. */
  readonly topic?: string;
  /** How urgent it is. @default 'normal' */
  readonly priority?: Priority;
  /** Whether it was counted as waiting for a limit, which its first attempt ends. @default false */
  readonly countsAsWaiting?: true;
  /** The id of the failed request that it retries, of the same tenant. */
  readonly retryOf?: string;
}

/** The terms among the members of a request. */
export function termsOf({
  traceparent,
  tracestate,
  callbackUrl,
  notBefore,
  expiresAt,
  minVersion,
  topic,
  priority,
  countsAsWaiting,
  retryOf,
}: RequestTerms): RequestTerms {
  return {
    traceparent,
    tracestate,
    callbackUrl,
    notBefore,
    expiresAt,
    minVersion,
    topic,
    priority,
    countsAsWaiting,
    retryOf,
  };
}
