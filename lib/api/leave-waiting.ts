import { leftWaiting } from '../core/intake/left-waiting.ts';
import { type Destinations, destinationOf } from './destination.ts';

/** Stops counting a request as waiting that was cancelled before it started. */
export async function leaveWaiting(
  applied: Parameters<typeof leftWaiting>[0],
  destinations: Destinations,
): Promise<void> {
  const left = leftWaiting(applied);
  if (left) await destinationOf(left.topic, destinations)?.admission.leave?.(left);
}
