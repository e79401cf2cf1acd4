import { ATTRIBUTES } from '../core/wire/attributes.ts';
import { decodeSubmission } from '../core/wire/submission.ts';
import type { MemoryInputQueue } from '../stores/memory/input-queue.ts';
import type { MemoryOutputQueue } from '../stores/memory/output-queue.ts';

/** A message in the dead-letter queue. */
export interface TestDeadLetter {
  readonly requestId: string;
  /** The code of the failure. Undefined when the queue moved the message by itself: it was received too often. */
  readonly code?: string;
  readonly detail?: string;
  readonly body: string;
  /** The text attributes of the message. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The messages that the engine dead-lettered, then those that the queue moved by itself. */
export function deadLettersOf(
  byEngine: MemoryOutputQueue,
  byQueue: MemoryInputQueue,
): readonly TestDeadLetter[] {
  return [
    ...byEngine.messages.map(({ body, attributes }) => letterOf(body, textsOf(attributes))),
    ...byQueue.deadLetters.map(({ body, attributes }) => letterOf(body, attributes)),
  ];
}

function letterOf(body: string, attributes: TestDeadLetter['attributes']): TestDeadLetter {
  return {
    requestId: decodeSubmission(JSON.parse(body), body).id,
    code: attributes[ATTRIBUTES.deadLetterCode],
    detail: attributes[ATTRIBUTES.deadLetterDetail],
    body,
    attributes,
  };
}

function textsOf(attributes: MemoryOutputQueue['messages'][number]['attributes']) {
  const texts = Object.entries(attributes).flatMap(([name, { value }]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return Object.fromEntries(texts);
}
