import type { KeptPayload } from '../intake/submissions.ts';
import type { ActionKind } from '../model/action.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { Metadata } from '../model/kept-metadata.ts';
import type { RedriveDecision } from '../model/redrive.ts';
import type { RequestIdentity } from '../model/request-id.ts';
import type { RequestRecord } from '../model/request-record.ts';
import type { RequestFacts } from './request-facts.ts';

/** The known state of a dead letter. */
export interface LetterState {
  /** The request, as its message has it; undefined if the message can't be read. */
  readonly decoded: DecodedRequest | undefined;
  /** Undefined if there is none, or it is no longer kept. */
  readonly record: RequestRecord | undefined;
  /** What a redrive does with the dead letter. */
  readonly decision: RedriveDecision;
}

/** Whether an action can handle a dead letter. */
export function isFor(action: ActionKind, { decoded, record, decision }: LetterState): boolean {
  switch (action) {
    case 'redrive':
      return decision !== 'limit_reached';
    case 'purge':
      return true;
    case 'rehearse':
      return decision === 'put_back';
    case 'cancel':
      return false;
    case 'retry':
      return record?.status === 'failed' && decision !== 'settled' && retriableOf(decoded) !== undefined;
  }
}

/** The request if it can be submitted again; undefined if its message contains more than a submission can. */
export function retriableOf(
  decoded: DecodedRequest | undefined,
): (DecodedRequest & { readonly payload: KeptPayload }) | undefined {
  if (!decoded || decoded.http || decoded.streamed || decoded.truefoundryFields || decoded.offloaded)
    return undefined;
  const { payload } = decoded;
  return 'unreadable' in payload ? undefined : { ...decoded, payload };
}

/** The facts about a request that its dead letter contains. */
export interface LetterFacts extends RequestIdentity {
  readonly topic?: string;
  readonly metadata?: Metadata;
  readonly code?: string;
  /** When it was sent to the dead-letter queue, in milliseconds since 1970. */
  readonly sentAt: number;
}

/** The facts of a dead letter without a record, as those of a failed request. */
export function factsOfLetter({ code = 'unknown', sentAt, ...letter }: LetterFacts): RequestFacts {
  const { id, tenant, topic, metadata } = letter;
  return { id, tenant, topic, metadata, status: 'failed', codes: [code], at: sentAt };
}
