import { PermanentError } from '../core/base/errors.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { publishInOrder } from '../core/intake/publish-in-order.ts';
import type { Relay } from '../core/intake/relay.ts';
import { DEFAULT_PRIORITY } from '../core/model/priority.ts';
import type { Publication } from '../core/wire/batch-publisher.ts';
import type { PublishRows } from './outbox-source.ts';
import { type RowMessage, rowMessage } from './row-message.ts';

/** The relays to the queues of requests. A request of a priority without a queue goes to that of normal requests. */
export interface RelayLanes {
  readonly high?: Relay | undefined;
  readonly normal: Relay;
  readonly low?: Relay | undefined;
}

/** Publishes rows to the queue of requests. */
export function publishToQueue(lanes: RelayLanes, ordered: boolean): PublishRows {
  return publishEach(ordered, ({ message, request, orderingKey: key }) => {
    const { tenant, priority = DEFAULT_PRIORITY } = request;
    return (lanes[priority] ?? lanes.normal).publish(message, { tenant, key });
  });
}

/**
 * Publishes rows one by one: all at the same time, or those of an aggregate one after another.
 * @param ordered whether a row waits for the earlier ones of its aggregate
 * @param publish never rejects
 */
export function publishEach(
  ordered: boolean,
  publish: (row: RowMessage) => Promise<Publication>,
): PublishRows {
  return (rows) =>
    publishInOrder(
      rows,
      ({ aggregateid }) => (ordered ? aggregateid : undefined),
      async (row) => {
        let message: RowMessage;
        try {
          message = rowMessage(row);
        } catch (error) {
          return { published: false, refused: error instanceof PermanentError, reason: messageOf(error) };
        }
        return publish(message);
      },
    );
}
