import { isPriority, type Priority } from '../model/priority.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { ATTRIBUTES } from './attributes.ts';
import { cloudEventOf } from './decode-cloudevent.ts';
import { isSubmission } from './submission.ts';

/** The priority that a message states in its attributes or as a submission; undefined if it states none, or an unknown one. */
export function statedPriority(
  message: Pick<QueueMessage, 'body' | 'attributes' | 'cloudEvent'>,
): Priority | undefined {
  const attribute = message.attributes[ATTRIBUTES.priority];
  if (attribute !== undefined) return isPriority(attribute) ? attribute : undefined;
  const event = cloudEventOf(message);
  if (!event || !isSubmission(event)) return undefined;
  const { priority } = event;
  return typeof priority === 'string' && isPriority(priority) ? priority : undefined;
}
