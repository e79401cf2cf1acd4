import { types } from 'node:util';
import { ResultInvalid } from '../base/errors.ts';
import { messageOf } from '../base/serialize-error.ts';
import { isBlob, isResponse, isStream } from '../base/web-bodies.ts';

/** Longest path an error names, in characters. */
const PATH_MAX_LENGTH = 200;

/**
 * A result as JSON. `JSON.stringify` writes a `Map`, a promise or an error as `{}`; this refuses what isn't data. The
 * rest is as there: `toJSON()` counts, undefined members are left out, and `NaN` is `null`.
 * @throws ResultInvalid, which names the first value that isn't data by its path
 */
export function plainJson(result: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(result ?? null, refusing());
  } catch (error) {
    if (error instanceof ResultInvalid) throw error;
    throw new ResultInvalid(messageOf(error), error);
  }
  if (json === undefined) throw new ResultInvalid(`a ${typeof result} has no JSON form`);
  return json;
}

/** A replacer that replaces nothing. */
function refusing() {
  // JSON.stringify walks depth first: these are the objects around the member it is at, and the key of each.
  const parents: object[] = [];
  const keys: string[] = [];
  return function (this: unknown, key: string, member: unknown): unknown {
    while (parents.length > 0 && parents.at(-1) !== this) {
      parents.pop();
      keys.pop();
    }
    const problem = problemOf(member);
    if (problem) throw new ResultInvalid(`${pathOf(parents, [...keys, key])} is ${problem}`);
    if (typeof member === 'object' && member !== null) {
      parents.push(member);
      keys.push(key);
    }
    return member;
  };
}

/** As JavaScript would write it: `result.items[3]`. The first key is the root's, which has none. */
function pathOf(parents: readonly object[], [, ...keys]: readonly string[]): string {
  const steps = keys.map((key, index) => {
    if (Array.isArray(parents[index])) return `[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  const path = `result${steps.join('')}`;
  return path.length <= PATH_MAX_LENGTH ? path : `${path.slice(0, PATH_MAX_LENGTH)}…`;
}

/** What a value is that JSON has no form for, and what to do; undefined when it is data. */
function problemOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'function':
      return 'a function: leave it out';
    case 'symbol':
      return 'a symbol: return text instead';
    case 'bigint':
      return 'a bigint: return a number, or its text';
    case 'object':
      return value === null || Array.isArray(value) || isPlain(value) ? undefined : problemOfInstance(value);
    default:
      return undefined;
  }
}

function problemOfInstance(value: object): string | undefined {
  const kind = kindOf(value);
  if (types.isNativeError(value) || value instanceof Error) {
    return `an error (${kind}): throw it, or return its message`;
  }
  if ('then' in value && typeof value.then === 'function') return 'a Promise: await it';
  if (isResponse(value) || isBlob(value) || isStream(value)) {
    return `of type ${kind}: return it by itself, or what is in it`;
  }
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return `of type ${kind}: return the bytes by themselves, or an array of numbers`;
  }
  if (types.isNumberObject(value) || types.isStringObject(value) || types.isBooleanObject(value))
    return undefined;
  if (Symbol.iterator in value) return `of type ${kind}: make it an array or an object`;
  if (Object.keys(value).length === 0)
    return `of type ${kind}, which holds no data that JSON can have: return an object or text`;
  return undefined;
}

/** Whether it is an object literal, of whatever realm, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function kindOf(value: object): string {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return tag === 'Object' || tag === 'Error' ? value.constructor?.name || tag : tag;
}
