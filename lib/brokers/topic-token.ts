import type { OutputMessage } from '../core/ports/message-sink.ts';
import { ATTRIBUTES } from '../core/wire/attributes.ts';

/** Stands for the topic of an outcome in the address of an output queue. */
export const TOPIC_TOKEN = '{topic}';

/** Stands for the topic of an outcome that has none. */
export const NO_TOPIC = '_';

/** What takes the place of {@link TOPIC_TOKEN} for a message: its topic, which every broker can address. */
export function topicToken({ attributes, labels, cloudEvent }: OutputMessage): string {
  const topic = labels?.[ATTRIBUTES.topic]?.value ?? attributes[ATTRIBUTES.topic]?.value ?? cloudEvent?.topic;
  return typeof topic === 'string' ? topic : NO_TOPIC;
}
