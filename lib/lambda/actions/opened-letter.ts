import { type DeadLetter, decideLetter, type FoundRecords, openDeadLetter } from '../../aws/dead-letter.ts';
import type { SqsReceivedMessage } from '../../aws/sqs-source.ts';
import type { RequestIdentity } from '../../core/model/request-id.ts';
import { factsOfLetter, type LetterState } from '../../core/operations/letter-rules.ts';
import { factsOf, type RequestFacts } from '../../core/operations/request-facts.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';

/** A dead letter with what is known about its request. */
export interface OpenedLetter extends LetterState {
  readonly letter: DeadLetter;
  /** Its first request, if it has several. */
  readonly request: RequestIdentity;
  readonly facts: RequestFacts;
}

/** Decodes a dead letter and looks up the records of its requests. */
export async function openLetter(
  message: SqsReceivedMessage,
  records: FoundRecords,
  now: number,
): Promise<OpenedLetter> {
  const letter = await openDeadLetter(message, records);
  const [{ described = { id: message.id, source: '' }, record } = {}] = letter.requests;
  const decoded = 'metadata' in described ? described : undefined;
  const code = message.attributes[ATTRIBUTES.deadLetterCode]?.StringValue;
  return {
    letter,
    request: described,
    decoded,
    record,
    decision: decideLetter(letter),
    facts: record ? factsOf(record, now) : factsOfLetter({ ...described, code, sentAt: message.sentAt }),
  };
}
