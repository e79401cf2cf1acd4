import { InputInvalid, PermanentError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { isObject } from '../base/json-object.ts';
import { isOfType } from '../base/media-type.ts';
import { quote } from '../base/quote.ts';
import { assertFunction } from '../config/shape.ts';
import type { Handler, ProcessorRequest } from './handler.ts';

/** What {@link inSequence} passes with an item. */
export interface ItemContext {
  /** The place of the item in its sequence, from 0. */
  readonly index: number;
  /** How many items the sequence has. */
  readonly count: number;
  /**
   * The request with the whole sequence: its id, its signal, its logger. Its checkpoints are those of the sequence, and it can't be
   * completed before the last item.
   */
  readonly request: Omit<ProcessorRequest, 'complete'>;
}

/** Handles an item. What it returns, any JSON value, becomes the item's place in the result. */
export type ItemHandler = (item: unknown, context: ItemContext) => unknown;

/** Content types with an item a line. */
const LINES = ['application/x-ndjson', 'application/jsonl', 'application/json-lines'];

/** Least time between two checkpoints: each costs a write, and holds all results so far. */
const CHECKPOINT_MILLISECONDS = 1_000;

/** Deepest nesting of an item. */
const MAX_ITEM_DEPTH = 128;

/** The state of a sequence in a checkpoint. */
interface SavedSequence {
  readonly results: readonly unknown[];
}

/**
 * Makes a handler that handles the items of one request one after another: many messages as one. The payload is a JSON
 * array, or a JSON value a line (`application/x-ndjson`); the result is the array of what the items returned.
 *
 *     export const handler = processor(inSequence(async (item) => book(item)));
 *
 * It handles no item after the signal of the request has fired. After each item it reports progress, and at most every
 * second it saves a checkpoint, and whenever an item fails. So a retry continues with the item that failed, and after a
 * crash it handles again what was done since the last checkpoint. Attempts count from there: each item has as many as a
 * request has. A {@link PermanentError} ends the request: its problem names the item in `details.item`, and no later item
 * is handled.
 * @throws TypeError without a function
 */
export function inSequence(handleItem: ItemHandler): Handler {
  assertFunction('inSequence()', 'handleItem', handleItem);
  return async (request) => {
    const items = await itemsOf(request);
    const results = [...resultsOf(request.state)];
    let saved = results.length;
    let savedAt = Date.now();
    const save = async () => {
      if (results.length === saved) return;
      await request.checkpoint({ results } satisfies SavedSequence);
      saved = results.length;
      savedAt = Date.now();
    };
    for (const [index, item] of items.entries()) {
      if (index < results.length) continue;
      if (request.signal.aborted) {
        await save();
        throw request.signal.reason;
      }
      const context = { index, count: items.length, request: withoutComplete(request) };
      results.push(await runItem(item, context, handleItem, save));
      request.progress((index + 1) / items.length, `${index + 1} of ${items.length}`);
      if (Date.now() - savedAt >= CHECKPOINT_MILLISECONDS) await save();
    }
    return results;
  };
}

/** The request for an item, which must not complete the request of all items. */
function withoutComplete(request: ProcessorRequest): ItemContext['request'] {
  const complete = () => {
    throw new TypeError('An item of inSequence() returns its result: complete() would end all items');
  };
  return new Proxy(request, {
    get(target, name) {
      if (name === 'complete') return complete;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

async function runItem(
  item: unknown,
  context: ItemContext,
  handleItem: ItemHandler,
  save: () => Promise<void>,
): Promise<unknown> {
  try {
    return (await handleItem(item, context)) ?? null;
  } catch (error) {
    await save();
    throw error instanceof PermanentError ? errorOfItem(error, context) : error;
  }
}

function errorOfItem(error: PermanentError, { index, count }: ItemContext): PermanentError {
  const { code, details, message } = error;
  return new PermanentError(`Item ${index + 1} of ${count}: ${message}`, {
    code,
    details: { item: index, ...(details !== undefined && { details }) },
    cause: error,
  });
}

function resultsOf(state: unknown): readonly unknown[] {
  return isObject(state) && Array.isArray(state.results) ? state.results : [];
}

/** @throws InputInvalid, JsonInvalid, JsonTooDeep */
async function itemsOf(request: ProcessorRequest): Promise<readonly unknown[]> {
  const { contentType = '' } = request;
  if (LINES.some((type) => isOfType(contentType, type))) return linesOf(await request.text());
  const items = await request.json();
  if (Array.isArray(items)) return items;
  throw new InputInvalid([{ message: `expected a JSON array of items, got ${quote(items)}` }]);
}

function linesOf(text: string): unknown[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [parseJson(line, `Line ${index + 1}`, MAX_ITEM_DEPTH)];
  });
}
