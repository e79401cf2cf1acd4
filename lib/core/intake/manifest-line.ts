import { isJson } from '../base/json.ts';
import { isJsonType, isTextType } from '../base/media-type.ts';
import type { InlineResult, Outcome } from '../model/outcome.ts';
import { requestPath } from '../model/request-links.ts';
import { statusOf } from '../model/request-record.ts';
import { isResultKept, type StoredResult } from '../model/stored-result.ts';
import type { StoredItem } from '../ports/batch-store.ts';
import { utf8Text } from '../wire/message-text.ts';

/** What decides whether a result is still there. */
export interface ResultAge {
  readonly resultAgeDays: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The line of an item in the manifest of its batch, as JSON. */
export function manifestLine({ key, record }: StoredItem, age: ResultAge): string {
  const { outcome, request } = record;
  const facts = {
    key,
    id: request.id,
    status: statusOf(record, age.now),
    ...(outcome && { endedAt: new Date(outcome.endedAt).toISOString() }),
  };
  if (!outcome) return JSON.stringify(facts);
  if (outcome.status !== 'succeeded') return JSON.stringify({ ...facts, problem: outcome.problem });
  return withMember(JSON.stringify(facts), 'result', resultJson(outcome.result, outcome, age));
}

function resultJson(
  result: InlineResult | StoredResult,
  { request, endedAt }: Outcome,
  { resultAgeDays, now }: ResultAge,
): string {
  const { contentType } = result;
  if ('check' in result) {
    const place = isResultKept(endedAt, resultAgeDays, now)
      ? { link: requestPath(request.id, '/result') }
      : { gone: true };
    return JSON.stringify({ contentType, size: result.size, ...place });
  }
  const facts = { contentType, size: result.bytes.byteLength };
  const bytes = Buffer.from(result.bytes);
  const text = utf8Text(bytes);
  if (text !== undefined && isJsonType(contentType) && isJson(text)) {
    // As it was written: numbers keep their digits. Line breaks in JSON are between its tokens.
    return withMember(JSON.stringify(facts), 'json', text.replace(/[\r\n]+/g, ' '));
  }
  if (text !== undefined && (isTextType(contentType) || isJsonType(contentType)))
    return JSON.stringify({ ...facts, text });
  return JSON.stringify({ ...facts, base64: bytes.toString('base64') });
}

/** Adds a member to the JSON of an object that isn't empty. */
function withMember(json: string, name: string, value: string): string {
  return `${json.slice(0, -1)},${JSON.stringify(name)}:${value}}`;
}
