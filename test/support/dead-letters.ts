import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import type { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';

/** Ids of the requests of the messages that the engine dead-lettered, which are known by their attribute. */
export function deadLetterIds({ messages }: MemoryOutputQueue): string[] {
  return messages.map(({ attributes }) => String(attributes[ATTRIBUTES.requestId]?.value));
}
