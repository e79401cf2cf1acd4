import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ResultInvalid } from '../../../lib/core/base/errors.ts';
import { plainJson } from '../../../lib/core/processor/plain-json.ts';

class Order {
  readonly #secret = 1;
  readonly total = 2;
  get secret() {
    return this.#secret;
  }
}

class Sealed {
  readonly #secret = 1;
  get secret() {
    return this.#secret;
  }
}

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

describe('B1: data', () => {
  test('is written as JSON.stringify does', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(plainJson(value)).toBe(JSON.stringify(value));
      }),
    );
  });

  test.each([
    [undefined, 'null'],
    [{ left: undefined, out: null }, '{"out":null}'],
    [[undefined, Number.NaN, -0], '[null,null,0]'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ url: new URL('https://example.org') }, '{"url":"https://example.org/"}'],
    [{ bytes: Buffer.from('A') }, '{"bytes":{"type":"Buffer","data":[65]}}'],
    [Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
    [runInNewContext('({ a: [1] })'), '{"a":[1]}'],
    [new Order(), '{"total":2}'],
    [[new String('s'), new Number(1), new Boolean(false)], '["s",1,false]'],
    [{ toJSON: () => ({ a: 1 }) }, '{"a":1}'],
    [{}, '{}'],
  ])('%o is %s', (value, json) => {
    expect(plainJson(value)).toBe(json);
  });

  test('that is used twice is written twice', () => {
    const used = { a: 1 };
    expect(plainJson([used, used, { used }])).toBe('[{"a":1},{"a":1},{"used":{"a":1}}]');
  });
});

describe("B1: what isn't data is refused with its path", () => {
  test.each([
    [{ items: [0, 1, 2, Promise.resolve()] }, 'result.items[3] is a Promise: await it'],
    [{ error: new TypeError('no') }, 'result.error is an error (TypeError): throw it, or return its message'],
    [new AggregateError([], 'no'), 'result is an error'],
    [{ error: new DOMException('no') }, 'result.error is an error (DOMException)'],
    [[{ a: 1 }, { a: () => 1 }], 'result[1].a is a function: leave it out'],
    [{ 'a b': Symbol('s') }, 'result["a b"] is a symbol'],
    [{ n: 5n }, 'result.n is a bigint: return a number, or its text'],
    [{ m: new Map() }, 'result.m is of type Map: make it an array or an object'],
    [{ s: new Set() }, 'result.s is of type Set: make it'],
    [{ form: new FormData() }, 'result.form is of type FormData: make it'],
    [[1].values(), 'result is of type Array Iterator: make it'],
    [
      { r: new Response() },
      'result.r is of type Response: return it as the whole result, or return its content',
    ],
    [{ b: new Blob([]) }, 'result.b is of type Blob: return it as the whole result'],
    [{ s: Readable.from([]) }, 'result.s is of type Readable: return it as the whole result'],
    [{ v: new Float32Array(1) }, 'result.v is of type Float32Array: return the bytes as the whole result'],
    [{ v: new ArrayBuffer(1) }, 'result.v is of type ArrayBuffer: return the bytes'],
    [{ x: /a/ }, 'result.x is of type RegExp, which has no data'],
    [{ x: new Sealed() }, 'result.x is of type Sealed, which has no data'],
    [{ x: new AbortController().signal }, 'result.x is of type AbortSignal, which has no data'],
    [{ x: { toJSON: () => ({ deep: new Map() }) } }, 'result.x.deep is of type Map'],
    [runInNewContext('new Error("no")'), 'result is an error (Error)'],
    [Object(1n), 'result is'],
    [cyclic, 'circular'],
  ])('%o', (value, message) => {
    expect(() => plainJson(value)).toThrow(ResultInvalid);
    expect(() => plainJson(value)).toThrow(message);
  });

  test('what throws when it is written', () => {
    const unwritable = {
      toJSON() {
        throw 'no';
      },
    };
    expect(() => plainJson(unwritable)).toThrow("The handler's result can't be published: no");
  });

  test('a path of any length is cut', () => {
    const deep = { ['k'.repeat(10_000)]: new Map() };
    expect(() => plainJson(deep)).toThrow(/^.{200,300}$/);
  });
});
