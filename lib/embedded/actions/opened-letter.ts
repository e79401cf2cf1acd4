import type { DecodedRequest, DecodeLimits } from '../../core/model/decoded-request.ts';
import { decideRedrive } from '../../core/model/redrive.ts';
import type { RequestIdentity } from '../../core/model/request-id.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import { factsOfLetter, type LetterState } from '../../core/operations/letter-rules.ts';
import { factsOf, type RequestFacts } from '../../core/operations/request-facts.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import { decode } from '../../core/wire/decode.ts';
import type { SqliteDeadLetter } from '../../stores/sqlite/dead-letters.ts';

/** A dead letter and the known facts about its request. */
export interface OpenedLetter {
  readonly letter: SqliteDeadLetter;
  readonly request: RequestIdentity;
  /** The request, as its message has it; undefined if the message can't be read. */
  readonly decoded: DecodedRequest | undefined;
  /** Undefined if there is none, or it is no longer kept. */
  readonly record: RequestRecord | undefined;
  readonly facts: RequestFacts;
  /** Which redrive it waits for; undefined if its message had no room for that. */
  readonly redrive: number | undefined;
}

/** Decodes a dead letter and looks up the record of its request. */
export async function openLetter(
  letter: SqliteDeadLetter,
  records: Pick<RequestRecords, 'find'>,
  limits: DecodeLimits,
  now: number,
): Promise<OpenedLetter> {
  const { message } = letter;
  // Only events of S3 have several requests, and a service in a file gets none.
  const [first = { id: message.id, source: '' }] = decode(message, limits);
  const decoded = 'metadata' in first ? first : undefined;
  const record = decoded && (await records.find(decoded));
  const code = message.attributes[ATTRIBUTES.deadLetterCode];
  const facts = record ? factsOf(record, now) : factsOfLetter({ ...first, code, sentAt: message.sentAt });
  const redrive = message.typedAttributes?.[ATTRIBUTES.deadLetterRedrives]?.value;
  return {
    letter,
    request: first,
    decoded,
    record,
    facts,
    redrive: redrive === undefined ? undefined : Number(redrive),
  };
}

/** The state of a dead letter, for the rules of actions. */
export function letterStateOf(opened: OpenedLetter): LetterState {
  return { ...opened, decision: decideRedriveOf(opened) };
}

/** What a redrive does with a dead letter. */
export function decideRedriveOf({ record, redrive, letter }: OpenedLetter) {
  return decideRedrive([record], { redrive, sentAt: letter.message.sentAt });
}
