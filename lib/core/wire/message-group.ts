import { orderingGroup } from '../model/ordering-group.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { ATTRIBUTES } from './attributes.ts';
import { cloudEventOf } from './decode-cloudevent.ts';

/** A group that every queue accepts: SQS is the strictest. */
const GROUP = /^[!-~]{1,128}$/;

/** The tenant of a message, and its ordering key, as its sender wrote them. */
export interface OrderingPlace {
  readonly tenant: string | undefined;
  readonly key: string | undefined;
}

/**
 * Reads the place of a message in the order of its requests. As in `decode`, the tenant of a CloudEvent is a member of the
 * event; its key may be in an attribute.
 */
export function orderingPlaceOf(
  message: Pick<QueueMessage, 'attributes' | 'body' | 'cloudEvent'>,
): OrderingPlace {
  const { attributes } = message;
  const event = cloudEventOf(message);
  return {
    tenant: event ? textOf(event.tenant) : attributes[ATTRIBUTES.tenant],
    key: attributes[ATTRIBUTES.orderingKey] ?? textOf(event?.partitionkey),
  };
}

/**
 * The group of a message whose queue has no groups: the group that the sending service chose, if there is one, else one made
 * of its tenant and its key. Without a tenant, a valid key is the group.
 * @param recordKey the key for a message without an ordering key
 */
export function messageGroupOf(message: QueueMessage, recordKey?: string): string {
  const { tenant, key = recordKey } = orderingPlaceOf(message);
  const own = message.group ?? (tenant === undefined ? key : undefined);
  if (own !== undefined && GROUP.test(own)) return own;
  return orderingGroup(tenant, message.group ?? key);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
