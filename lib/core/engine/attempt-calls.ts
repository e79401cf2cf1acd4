import { CoatcheckError, StoreUnavailable } from '../base/errors.ts';
import { unlessAborted } from '../base/unless-aborted.ts';
import { secondsUntil } from '../model/retry.ts';
import type { Lease } from '../records/lease.ts';
import type { AttemptContext } from './attempt-context.ts';
import { AttemptTimedOut } from './errors.ts';
import { deliveryCountOf } from './job.ts';

/**
 * Awaits a call of an attempt until a signal fires.
 * @param lease that of the attempt, whose end the next attempt awaits. @default - one that is taken now
 * @throws AttemptTimedOut if the signal fires first
 */
export function beforeSignal<Value>(
  signal: AbortSignal,
  call: Promise<Value>,
  { ports: { clock }, deadline }: AttemptContext,
  lease?: Pick<Lease, 'endsAt'>,
): Promise<Value> {
  return unlessAborted(call, signal, () => {
    const now = clock.now();
    throw new AttemptTimedOut(secondsUntil(lease?.endsAt ?? deadline.leaseEndsAt(now), now));
  });
}

/** Awaits a call of the request table. @throws StoreUnavailable for any error of the store */
export async function ofTable<Value>(
  call: Promise<Value>,
  { circuit, message }: AttemptContext,
): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CoatcheckError) throw error;
    const unavailable = new StoreUnavailable('The request table', error);
    circuit.failed(unavailable, deliveryCountOf(message));
    throw unavailable;
  }
}
