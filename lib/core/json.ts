import { JsonInvalid, JsonTooDeep } from './errors.ts';

/**
 * Parses JSON from outside.
 * @param what names the text in errors
 * @throws JsonInvalid, JsonTooDeep: code that walks a parsed value may recurse, so its depth is bounded before
 */
export function parseJson(text: string, what: string, maxDepth: number): unknown {
  if (nestsDeeperThan(text, maxDepth)) throw new JsonTooDeep(what, maxDepth);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new JsonInvalid(what, error);
  }
}

/** Whether brackets outside strings nest deeper than `limit`. */
function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth++;
        if (depth > limit) return true;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth--;
        break;
    }
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Index of the quote that ends the string begun at `start`, or the text's end. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}
