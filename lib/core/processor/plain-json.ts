import * as types from 'node:util/types';
import { ResultInvalid } from '../base/errors.ts';
import { messageOf } from '../base/serialize-error.ts';
import { isBlob, isResponse, isStream } from '../base/web-bodies.ts';

/** Longest path in an error, in characters. */
const PATH_MAX_LENGTH = 200;

/**
 * Serializes a result as JSON. Unlike `JSON.stringify`, which turns a `Map`, a promise or an error into `{}`, it rejects
 * values that aren't data. Otherwise it behaves the same: it calls `toJSON()`, omits undefined members, and writes `NaN` as
 * `null`.
 * @throws ResultInvalid with the path of the first value that isn't data
 */
export function plainJson(result: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(result ?? null, checkingReplacer());
  } catch (error) {
    if (error instanceof ResultInvalid) throw error;
    throw new ResultInvalid(messageOf(error), error);
  }
  if (json === undefined) throw new ResultInvalid(`a ${typeof result} has no JSON form`);
  return json;
}

/** A replacer for `JSON.stringify` that only checks values. */
function checkingReplacer() {
  // JSON.stringify walks depth first. These are the objects around the current member, and their keys.
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

/** A path in JavaScript's notation: `result.items[3]`. The first key is the root's, and is empty. */
function pathOf(parents: readonly object[], [, ...keys]: readonly string[]): string {
  const steps = keys.map((key, index) => {
    if (Array.isArray(parents[index])) return `[${key}]`;
    return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  });
  const path = `result${steps.join('')}`;
  return path.length <= PATH_MAX_LENGTH ? path : `${path.slice(0, PATH_MAX_LENGTH)}…`;
}

/** Describes a value that JSON can't represent, and what to do instead; undefined if it is data. */
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
    return `of type ${kind}: return it as the whole result, or return its content`;
  }
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return `of type ${kind}: return the bytes as the whole result, or an array of numbers`;
  }
  if (types.isNumberObject(value) || types.isStringObject(value) || types.isBooleanObject(value))
    return undefined;
  if (Symbol.iterator in value) return `of type ${kind}: make it an array or an object`;
  if (Object.keys(value).length === 0)
    return `of type ${kind}, which has no data that JSON can represent: return an object or text`;
  return undefined;
}

/** Whether it is an object literal, from any realm, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function kindOf(value: object): string {
  const tag = Object.prototype.toString.call(value).slice('[object '.length, -1);
  return tag === 'Object' || tag === 'Error' ? value.constructor?.name || tag : tag;
}
