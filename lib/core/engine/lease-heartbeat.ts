import { startHeartbeat } from '../base/heartbeat.ts';
import { requestFields } from '../base/log-fields.ts';
import { serializeError } from '../base/serialize-error.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import type { Lease } from '../records/lease.ts';
import type { AttemptContext } from './attempt-context.ts';

/** Renewals within the length of a lease: all but one of them may fail. */
const BEATS_PER_LEASE = 3;

/** Keeps a lease until it is disposed. */
export interface LeaseHeartbeat extends AsyncDisposable {
  /** Fires when the request is cancelled or taken over by another attempt. */
  readonly lost: AbortSignal;
}

/** Renews a lease, and extends its message's visibility timeout, if a handler can take longer than a lease. */
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
      // Both are awaited: the queue also refuses a message that another attempt has, and no call outlasts its beat.
      const [renewed, extended] = await Promise.allSettled([
        lease.renew(deadline.leaseEndsAt(ports.clock.now())),
        message.extend(leaseSeconds),
      ]);
      if (renewed.status === 'rejected') throw renewed.reason;
      if (!renewed.value) lost.abort();
      if (extended.status === 'rejected') throw extended.reason;
    },
    onError: (error) => {
      const fields = { ...requestFields(lease.request), error: serializeError(error) };
      ports.logger.warn('The lease could not be renewed', fields);
    },
  });
  return {
    lost: lost.signal,
    // A last beat that gets no answer must not hold the attempt for ever.
    async [Symbol.asyncDispose]() {
      const ending = (async () => heartbeat[Symbol.asyncDispose]())();
      await unlessAborted(ending, deadline.recordDeadline, () => {});
    },
  };
}
