import { ATTRIBUTES } from '../../lib/core/wire/attributes.ts';
import type { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';

/** The request ids of the messages that the engine dead-lettered, from their attributes. */
export function deadLetterIds({ messages }: MemoryOutputQueue): string[] {
  return messages.map(({ attributes }) => String(attributes[ATTRIBUTES.requestId]?.value));
}
