import { compactJson, isJson, memberTexts } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { isJsonType, JSON_TYPE } from '../base/media-type.ts';
import type { Decoded, DecodedRequest } from '../model/decoded-request.ts';
import { type InlineResult, type Outcome, type Problem, responseOf } from '../model/outcome.ts';
import type { QueueMessage } from '../model/received-message.ts';
import type { ResponseHead } from '../model/result-source.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { isField, NO_FIELDS } from './decode-truefoundry.ts';
import { type DescribedOutcome, outcomeAttributes } from './encode-raw.ts';
import { messageJson, utf8Text } from './message-text.ts';

/** The attributes of a piece. */
const ATTEMPT_ATTRIBUTE = 'Attempt';
const SEQUENCE_ATTRIBUTE = 'Sequence';

/** The request of an outcome as a message brought it. */
export interface OutcomeInput {
  readonly decoded: Decoded;
  readonly message: Pick<QueueMessage, 'id'>;
}

/** A message to the consumers of TrueFoundry's async service. Members that end in `Json` are JSON, all others text. */
interface TrueFoundryMessage {
  readonly requestId: string | null;
  readonly status: 'SUCCESS' | 'FAILED';
  readonly bodyJson?: string;
  readonly error?: string;
  readonly inputMessageJson?: string;
  readonly response?: ResponseHead | undefined;
}

/**
 * Encodes an outcome as the library of TrueFoundry's async service does, `async-processor` 1.0.0. The response of an HTTP
 * service is always encoded as text. Any other result is encoded as JSON if it is JSON, else as text.
 * @param input without it, a failure has no `input_message`
 * @returns undefined if the result isn't text or isn't inline, since its consumers read no references
 */
export function encodeTrueFoundry(outcome: Outcome, input?: OutcomeInput): OutputMessage | undefined {
  const requestId = idFor(outcome, input);
  if (outcome.status !== 'succeeded') {
    return message(outcome, {
      requestId,
      status: 'FAILED',
      ...failureOf(outcome.problem),
      inputMessageJson: input && inputMessageOf(input.decoded),
    });
  }
  if ('check' in outcome.result) return undefined;
  const bodyJson = jsonOf(outcome.result);
  const { response } = outcome.result;
  if (bodyJson === undefined) return undefined;
  return message(outcome, { requestId, status: 'SUCCESS', bodyJson, response });
}

/** The id that the sender chose; null if it chose none, as in the library. The attribute `RequestId` always has the id. */
function idFor({ request }: DescribedOutcome, input: OutcomeInput | undefined): string | null {
  return input && request.id === input.message.id ? null : request.id;
}

function jsonOf({ bytes, contentType, response }: InlineResult): string | undefined {
  const text = utf8Text(bytes);
  if (text === undefined) return undefined;
  return !response && isJsonType(contentType) && isJson(text) ? text : JSON.stringify(text);
}

/** The library reports an exception as its text, and an HTTP error as the response. */
function failureOf(problem: Problem): Pick<TrueFoundryMessage, 'bodyJson' | 'error' | 'response'> {
  const response = responseOf(problem);
  if (response) return { bodyJson: JSON.stringify(response.body), response };
  return { error: lastErrorOf(problem) ?? problem.detail };
}

/** Consumers may compare the text of an exception, so it stands alone. */
function lastErrorOf({ code, details }: Problem): string | undefined {
  const lastError = code === 'attempts_exhausted' && isObject(details) ? details.lastError : undefined;
  return isObject(lastError) && typeof lastError.message === 'string' ? lastError.message : undefined;
}

/**
 * The message of a request with every field, and its body beside them.
 * @returns undefined if the library couldn't have sent it
 */
function inputMessageOf(decoded: Decoded): string | undefined {
  if ('rejection' in decoded || !('inline' in decoded.payload)) return undefined;
  const { payload, truefoundryFields = NO_FIELDS } = decoded;
  if (typeof payload.inline !== 'string' || !payload.json) return undefined;
  const isBeside = isObject(payload.json.value);
  if (!isBeside && decoded.truefoundryFields === undefined) return undefined;
  const members = isBeside ? [...memberTexts(payload.inline)] : [['body', payload.inline] as const];
  const body = members
    .filter(([name]) => !isField(name))
    .map(([name, text]) => `,${JSON.stringify(name)}:${compactJson(text)}`);
  return `{${truefoundryFields}${body.join('')}}`;
}

/** A part of a result, published while the result is produced. */
export interface TrueFoundryPiece {
  readonly bodyJson: string;
  readonly response?: ResponseHead | undefined;
  /** The number of the attempt that produces it, from 1. */
  readonly attempt: number;
  /** Its place in the result of that attempt, from 1. */
  readonly sequence: number;
}

/** Encodes a part of a result. Its place and its attempt are message attributes. */
export function encodeTrueFoundryPiece(
  { bodyJson, response, attempt, sequence }: TrueFoundryPiece,
  input: OutcomeInput & { readonly decoded: DecodedRequest },
): OutputMessage {
  const piece = { ...input.decoded, request: input.decoded, status: 'succeeded' } as const;
  const { body, attributes } = message(piece, {
    requestId: idFor(piece, input),
    status: 'SUCCESS',
    bodyJson,
    response,
  });
  const place = {
    [ATTEMPT_ATTRIBUTE]: { type: 'Number', value: String(attempt) },
    [SEQUENCE_ATTRIBUTE]: { type: 'Number', value: String(sequence) },
  };
  return { body, attributes: { ...attributes, ...place } };
}

function message(
  outcome: DescribedOutcome,
  { requestId, status, bodyJson, error, inputMessageJson, response }: TrueFoundryMessage,
): OutputMessage {
  const members = {
    request_id: JSON.stringify(requestId),
    status: JSON.stringify(status),
    body: bodyJson,
    error: error === undefined ? undefined : JSON.stringify(error.toWellFormed()),
    input_message: inputMessageJson,
    status_code: response && JSON.stringify(String(response.status)),
    content_type: response && JSON.stringify(response.contentType),
  };
  const json = Object.entries(members).map(([name, value]) => `"${name}":${value ?? 'null'}`);
  return { body: messageJson(`{${json.join(',')}}`), attributes: outcomeAttributes(outcome, JSON_TYPE) };
}
