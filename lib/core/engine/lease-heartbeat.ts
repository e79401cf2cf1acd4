import { startHeartbeat } from '../base/heartbeat.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import type { Lease } from '../records/lease.ts';
import type { AttemptContext } from './attempt-context.ts';

/** Renewals within the time of one lease: all but one of them may fail. */
const BEATS_PER_LEASE = 3;

/** Keeps a request for an attempt until it is disposed of. */
export interface LeaseHeartbeat extends AsyncDisposable {
  /** Fires when the request is cancelled or another attempt has it. */
  readonly lost: AbortSignal;
}

/** Renews a lease, and hides its message, where leases are shorter than a handler may take. */
export function keepLease(
  lease: Lease,
  message: ReceivedMessage,
  { deadline, ports }: AttemptContext,
): LeaseHeartbeat {
  const lost = new AbortController();
  const { leaseSeconds } = deadline;
  if (leaseSeconds === undefined) return { lost: lost.signal, [Symbol.asyncDispose]: async () => {} };
  const heartbeat = startHeartbeat({
    intervalMilliseconds: (leaseSeconds * 1000) / BEATS_PER_LEASE,
    beat: async () => {
      const renewing = lease.renew(deadline.leaseEndsAt(ports.clock.now()));
      const [goesOn] = await Promise.all([renewing, message.extend(leaseSeconds)]);
      if (!goesOn) lost.abort();
    },
    onError: (error) => {
      const fields = { ...requestFields(lease.request), error: serializeError(error) };
      ports.logger.warn('The lease could not be renewed', fields);
    },
  });
  return { lost: lost.signal, [Symbol.asyncDispose]: () => heartbeat[Symbol.asyncDispose]() };
}
