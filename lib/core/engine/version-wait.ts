import { hasOrder } from '../config/min-version.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { ReceivedMessage } from '../model/received-message.ts';
import { isExpired } from '../model/request-record.ts';
import { isLastDelivery } from './job.ts';

/** How long a request waits for newer code, from the first delivery of its message, or its time: an hour. */
const VERSION_WAIT_SECONDS = 3_600;

/**
 * Whether a request may still be left to newer code. Otherwise it ends here.
 * @param now milliseconds since 1970
 */
export function mayAwaitVersion(
  request: DecodedRequest,
  message: ReceivedMessage,
  handlerVersion: string | undefined,
  now: number,
): boolean {
  const { firstDeliveredAt = message.sentAt } = message;
  const waitsSince = Math.max(firstDeliveredAt, request.notBefore ?? 0);
  const isInTime = now - waitsSince < VERSION_WAIT_SECONDS * 1000 && !isLastDelivery(message);
  return isInTime && hasOrder(handlerVersion) && !isExpired(request, now);
}
