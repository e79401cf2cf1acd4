import type { MemoryMessage } from '../../lib/stores/memory/input-queue.ts';
import { START } from './test-clock.ts';

/** A delivery of a message; the first one by default. */
export function delivery(body: string, given: Partial<MemoryMessage> = {}): MemoryMessage {
  return {
    id: 'message-1',
    body,
    attributes: {},
    deliveryCount: 1,
    sentAt: START,
    firstDeliveredAt: 0,
    receipt: 'receipt-1',
    ...given,
  };
}

/** Deliveries of these bodies, with ids `message-0`, `message-1`, … */
export function deliveries(bodies: readonly string[], given: Partial<MemoryMessage> = {}): MemoryMessage[] {
  return bodies.map((body, index) =>
    delivery(body, { id: `message-${index}`, receipt: `receipt-${index}`, ...given }),
  );
}

/** A delivered message with a JSON body, a chosen request id and the message id `message-<id>`. */
export function requestDelivery(
  requestId: string,
  payload: unknown = {},
  given: Partial<MemoryMessage> = {},
): MemoryMessage {
  return delivery(JSON.stringify(payload), {
    id: `message-${requestId}`,
    receipt: `receipt-${requestId}`,
    attributes: { RequestId: requestId },
    ...given,
  });
}
