import { leftWaiting } from '../core/intake/left-waiting.ts';
import { closestOf } from '../core/model/topic.ts';
import type { Applied } from '../core/records/record-writer.ts';
import type { Destinations } from './destination.ts';

/** Stops counting a request as waiting that was cancelled before it started. */
export async function leaveWaiting(applied: Applied, destinations: Destinations): Promise<void> {
  const left = leftWaiting(applied);
  if (left) await closestOf(destinations, left.topic)?.admission.leave?.(left);
}
