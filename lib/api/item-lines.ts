import { CoatcheckError } from '../core/base/errors.ts';
import { isJson, memberTexts } from '../core/base/json.ts';
import { isObject } from '../core/base/json-object.ts';
import { quote } from '../core/base/quote.ts';
import type { Batches, NewBatchItem } from '../core/intake/batches.ts';
import type { BatchDefaults } from '../core/model/batch.ts';
import { BATCH_MAX_LINES, batchLineSizeProblem } from '../core/model/batch-lines.ts';
import type { Clock } from '../core/ports/clock.ts';
import { ItemLine } from './batch-schemas.ts';
import type { ItemDestination } from './destination.ts';
import { problemOfError } from './error-problem.ts';
import { itemRequestOf } from './item-request.ts';
import { parseInput } from './parse-input.ts';
import { type HttpProblem, ProblemError } from './problem.ts';

/** A line that is no item of the batch. */
export interface RefusedLine {
  /** Its number in the body, from 1. */
  readonly line: number;
  readonly key?: string;
  readonly problem: HttpProblem;
}

/** What became of the lines of a call. */
export interface AddedLines {
  readonly added: number;
  readonly repeated: number;
  readonly refused: readonly RefusedLine[];
}

/** A line with its number. */
interface NumberedLine {
  readonly line: number;
  readonly text: string;
  /** Its text has replacement characters for some bytes. */
  readonly isDamaged?: true;
}

/** What an item is checked against. */
interface ItemParts {
  readonly destinations: readonly ItemDestination[];
  readonly clock: Clock;
}

/** Lines that are read in one turn of the event loop. */
const READ_TOGETHER = 500;

/** The lines of a text, without empty ones. */
export function linesIn(bytes: Uint8Array): NumberedLine[] {
  return numberedLines(bytes).filter(({ text }) => text !== '');
}

/** The lines of a body, without empty ones. @throws ProblemError 413 for too many lines */
export function linesOf(body: Uint8Array): NumberedLine[] {
  const lines = linesIn(body);
  if (lines.length <= BATCH_MAX_LINES) return lines;
  const detail = `The body must have at most ${BATCH_MAX_LINES} lines, got ${lines.length}: add the others by further calls`;
  throw new ProblemError({ status: 413, code: 'payload_too_large', detail });
}

/** Adds the items of lines. @throws as `Batches.add` does */
export async function addLines(
  lines: readonly NumberedLine[],
  id: string,
  tenant: string | undefined,
  { batches, parts }: { readonly batches: Batches; readonly parts: ItemParts },
): Promise<AddedLines> {
  const defaults = await batches.open(id, tenant);
  const tally = { added: 0, repeated: 0 };
  const refused: RefusedLine[] = [];
  for (let start = 0; start < lines.length; start += READ_TOGETHER) {
    const items: (NewBatchItem & { readonly line: number })[] = [];
    for (const each of lines.slice(start, start + READ_TOGETHER)) {
      const read = readLine(each, defaults, parts);
      if ('problem' in read) refused.push(read);
      else items.push(read);
    }
    const results = await batches.add(id, tenant, items);
    for (const [index, { line, key }] of items.entries()) {
      const result = results[index];
      if (result instanceof CoatcheckError) refused.push({ line, key, problem: problemOf(result) });
      else if (result) tally[result]++;
    }
  }
  return { ...tally, refused: refused.toSorted((one, other) => one.line - other.line) };
}

/** @throws what isn't about the line */
function readLine(
  { line, text, isDamaged }: NumberedLine,
  defaults: BatchDefaults,
  parts: ItemParts,
): (NewBatchItem & { readonly line: number }) | RefusedLine {
  const refuse = (problem: HttpProblem, key?: string) => ({
    line,
    problem,
    ...(key !== undefined && { key }),
  });
  const tooLarge = batchLineSizeProblem(Buffer.byteLength(text));
  if (tooLarge !== undefined) return refuse({ status: 413, code: 'line_too_large', detail: tooLarge });
  if (isDamaged) {
    const detail = `A line must be in UTF-8, got other bytes where this has \ufffd: ${quote(text)}`;
    return refuse({ status: 400, code: 'line_malformed', detail });
  }
  const value: unknown = isJson(text) ? JSON.parse(text) : undefined;
  if (!isObject(value) || !('key' in value)) {
    const detail = `A line must be a JSON object, like {"key": "a", "json": {}}, got ${quote(text)}`;
    return refuse({ status: 400, code: 'line_malformed', detail });
  }
  const key = typeof value.key === 'string' ? value.key : undefined;
  try {
    const data = parseInput(ItemLine, value);
    const { metadata, topic = defaults.topic } = data;
    const members = { ...data, topic, metadata: { ...defaults.metadata, ...metadata } };
    // As it was written: numbers keep their digits.
    const { request } = itemRequestOf(members, parts, {
      writeJson: () => memberTexts(text).get('json') ?? '',
    });
    return { line, key: data.key, request };
  } catch (thrown) {
    if (thrown instanceof ProblemError) return refuse(thrown.problem, key);
    throw thrown;
  }
}

function problemOf(error: CoatcheckError): HttpProblem {
  return problemOfError(error) ?? { status: 400, code: error.code, detail: error.message };
}

function numberedLines(body: Uint8Array): NumberedLine[] {
  const whole = utf8Of(body);
  if (whole !== undefined) {
    return whole.split('\n').map((text, index) => ({ line: index + 1, text: text.trim() }));
  }
  // One character is one byte here, so that a line has its bytes.
  const lines = Buffer.from(body).toString('latin1').split('\n');
  return lines.map((line, index) => {
    const bytes = Buffer.from(line, 'latin1');
    const text = utf8Of(bytes);
    const read = { line: index + 1, text: (text ?? bytes.toString()).trim() };
    return text === undefined ? { ...read, isDamaged: true } : read;
  });
}

function utf8Of(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
