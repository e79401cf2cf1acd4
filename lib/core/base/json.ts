import { JsonInvalid, JsonTooDeep } from './errors.ts';

/**
 * Longest text whose depth is checked after parsing, which is five times as fast as scanning the text. Parsing a MiB of
 * brackets takes 60 MiB of memory, so longer texts are scanned first.
 */
const MAX_UNCHECKED_LENGTH = 1_048_576;

/**
 * Parses JSON from outside.
 * @param what names the text in errors
 * @throws JsonInvalid, JsonTooDeep: code that walks a parsed value may recurse
 */
export function parseJson(text: string, what: string, maxDepth: number): unknown {
  if (text.length > MAX_UNCHECKED_LENGTH && nestsDeeperThan(text, maxDepth)) {
    throw new JsonTooDeep(what, maxDepth);
  }
  const value = parse(text, what);
  if (isDeeperThan(value, maxDepth)) throw new JsonTooDeep(what, maxDepth);
  return value;
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new JsonInvalid(what, error);
  }
}

/** Whether arrays and objects nest deeper than `limit`. It walks keys: a list of an object's values takes four times as long. */
function isDeeperThan(value: unknown, limit: number): boolean {
  if (!isContainer(value)) return false;
  if (limit === 0) return true;
  if (Array.isArray(value)) return value.some((member) => isDeeperThan(member, limit - 1));
  for (const key in value) if (isDeeperThan(value[key], limit - 1)) return true;
  return false;
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The value of a JSON text; undefined, which no JSON text is, for any other text. */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  return jsonValue(text) !== undefined;
}

/** The source texts of the values of an object's members, in valid JSON. The last one counts if a member occurs twice. */
export function memberTexts(json: string): Map<string, string> {
  const texts = new Map<string, string>();
  let at = skipSpace(json, json.indexOf('{') + 1);
  while (json.charCodeAt(at) === QUOTE) {
    const nameEnd = endOfString(json, at) + 1;
    const start = skipSpace(json, json.indexOf(':', nameEnd) + 1);
    const end = endOfValue(json, start);
    texts.set(JSON.parse(json.slice(at, nameEnd)), json.slice(start, end).trimEnd());
    at = skipSpace(json, end + 1);
  }
  return texts;
}

/**
 * JSON without white space between its tokens, and with characters in texts escaped only where JSON requires it. Numbers
 * keep their digits.
 */
export function compactJson(json: string): string {
  const tokens: string[] = [];
  for (let at = 0; at < json.length; at++) {
    const start = at;
    if (json.charCodeAt(at) === QUOTE) {
      at = endOfString(json, at);
      tokens.push(JSON.stringify(JSON.parse(json.slice(start, at + 1))));
    } else if (!isSpace(json.charCodeAt(at))) {
      tokens.push(json.charAt(at));
    }
  }
  return tokens.join('');
}

/** The names of the members of an object that a text starts, which may be truncated; none if it starts no object. */
export function leadingMembers(text: string): string[] {
  const names: string[] = [];
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== OPEN_BRACE) return names;
  do {
    at = skipSpace(text, at + 1);
    if (text.charCodeAt(at) !== QUOTE) return names;
    const nameEnd = endOfString(text, at) + 1;
    const name = text.slice(at, nameEnd);
    if (!isJson(name)) return names;
    names.push(JSON.parse(name));
    at = skipSpace(text, nameEnd);
    if (text.charCodeAt(at) !== COLON) return names;
    at = endOfValue(text, skipSpace(text, at + 1));
  } while (text.charCodeAt(at) === COMMA);
  return names;
}

/** Index of the comma or bracket that ends the value at `start`. */
function endOfValue(json: string, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    switch (json.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(json, at);
        break;
      case OPEN_BRACKET:
      case OPEN_BRACE:
        depth++;
        break;
      case COMMA:
        if (depth === 0) return at;
        break;
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        if (depth === 0) return at;
        depth--;
        break;
    }
  }
  return json.length;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  while (isSpace(json.charCodeAt(at))) at++;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
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
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Index of the quote that ends the string at `start`, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}
