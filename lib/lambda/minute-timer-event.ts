import { isObject } from '../core/base/json-object.ts';
import { quote } from '../core/base/quote.ts';
import type { TimerKey } from '../core/ports/minute-timers.ts';

/** The key of the timer that invokes a function. @throws TypeError for an event that no timer sends */
export function timerKeyOf(event: unknown): TimerKey {
  const { id, tenant } = isObject(event) ? event : {};
  if (typeof id === 'string' && (tenant === undefined || typeof tenant === 'string')) {
    return { id, ...(tenant !== undefined && { tenant }) };
  }
  throw new TypeError(`Expected { id, tenant? } of a timer, got ${quote(event, 200)}`);
}
