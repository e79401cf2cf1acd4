import { DEFAULT_PRIORITY, PRIORITIES, type Priority } from '../model/priority.ts';
import type { SubmissionPlace, SubmissionQueue } from '../ports/message-sink.ts';

/** A queue for each priority, as one: it sends each submission to the queue of its priority. */
export function lanedSubmissionQueue(lanes: Readonly<Record<Priority, SubmissionQueue>>): SubmissionQueue {
  const { normal } = lanes;
  const laneOf = ({ priority = DEFAULT_PRIORITY }: Pick<SubmissionPlace, 'priority'> = {}) => lanes[priority];
  const isRecorded = PRIORITIES.every((priority) => lanes[priority].sendRecorded);
  return {
    maxBytes: normal.maxBytes,
    maxDelaySeconds: normal.maxDelaySeconds,
    ordered: normal.ordered,
    priorities: PRIORITIES,
    canDelay: (message) => normal.canDelay?.(message) ?? true,
    send: (message, tenant, place) => laneOf(place).send(message, tenant, place),
    promote: normal.promote && (async (request) => laneOf(request).promote?.(request)),
    sendRecorded: isRecorded
      ? async (message, tenant, record, place) => {
          const { sendRecorded } = laneOf(place);
          if (!sendRecorded) throw new Error('Every lane sends with its record, or none does');
          return sendRecorded.call(laneOf(place), message, tenant, record, place);
        }
      : undefined,
  };
}
