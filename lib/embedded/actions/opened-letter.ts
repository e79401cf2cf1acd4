import type { KeptPayload } from '../../core/intake/submissions.ts';
import type { ActionKind } from '../../core/model/action.ts';
import type { DecodedRequest, DecodeLimits } from '../../core/model/decoded-request.ts';
import { decideRedrive } from '../../core/model/redrive.ts';
import type { RequestIdentity } from '../../core/model/request-id.ts';
import type { RequestRecord } from '../../core/model/request-record.ts';
import { factsOf, type RequestFacts } from '../../core/operations/request-facts.ts';
import type { RequestRecords } from '../../core/records/request-records.ts';
import { ATTRIBUTES } from '../../core/wire/attributes.ts';
import { decode } from '../../core/wire/decode.ts';
import type { SqliteDeadLetter } from '../../stores/sqlite/dead-letters.ts';

/** A dead letter with what is known about its request. */
export interface OpenedLetter {
  readonly letter: SqliteDeadLetter;
  readonly request: RequestIdentity;
  /** The request, as its message has it; undefined if the message can't be read. */
  readonly decoded: DecodedRequest | undefined;
  /** Undefined if there is none, or none any more. */
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
  // Messages with several requests are events of S3, of which a service in a file has none.
  const [first = { id: message.id, source: '' }] = decode(message, limits);
  const decoded = 'metadata' in first ? first : undefined;
  const record = decoded && (await records.find(decoded));
  const facts = record ? factsOf(record, now) : factsOfLetter(letter, first, decoded?.topic);
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

/** Whether an action can handle a dead letter. */
export function isFor(action: ActionKind, opened: OpenedLetter): boolean {
  switch (action) {
    case 'redrive':
      return decideRedriveOf(opened) !== 'limit_reached';
    case 'purge':
      return true;
    case 'cancel':
      return false;
    case 'retry':
      return (
        opened.record?.status === 'failed' &&
        decideRedriveOf(opened) !== 'settled' &&
        retriableOf(opened) !== undefined
      );
  }
}

/** What a redrive does with a dead letter. */
export function decideRedriveOf({ record, redrive, letter }: OpenedLetter) {
  return decideRedrive([record], { redrive, sentAt: letter.message.sentAt });
}

/** A request that can be submitted again; undefined if its message says more than a submission can. */
export function retriableOf({
  decoded,
}: OpenedLetter): (DecodedRequest & { readonly payload: KeptPayload }) | undefined {
  if (!decoded || decoded.http || decoded.streamed || decoded.truefoundryFields || decoded.offloaded)
    return undefined;
  const { payload } = decoded;
  return 'unreadable' in payload ? undefined : { ...decoded, payload };
}

/** Without a record, a dead letter is that of a request that failed. */
function factsOfLetter(
  { message }: SqliteDeadLetter,
  { id, tenant }: RequestIdentity,
  topic: string | undefined,
): RequestFacts {
  const code = message.attributes[ATTRIBUTES.deadLetterCode] ?? 'unknown';
  return { id, tenant, topic, status: 'failed', code, at: message.sentAt };
}
