import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { ResultInvalid } from '../../../lib/core/base/errors.ts';
import { resultBodyOf } from '../../../lib/core/processor/result.ts';
import { readAll } from '../../support/streams.ts';

async function written(result: unknown): Promise<readonly [contentType: string, bytes: Buffer]> {
  const { contentType, body } = await resultBodyOf(result, 0);
  return [contentType, body instanceof Uint8Array ? Buffer.from(body) : await readAll(body)];
}

async function* yielding(...chunks: readonly unknown[]) {
  yield* chunks;
}

describe('a result that is JSON', () => {
  test.each([
    [{ product: 42 }, '{"product":42}'],
    [[1, 'a', null], '[1,"a",null]'],
    ['text', '"text"'],
    [42, '42'],
    [false, 'false'],
    [null, 'null'],
    [undefined, 'null'],
    ['\ud800', '"\\ud800"'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
    [{ toJSON: () => ({ a: 1 }) }, '{"a":1}'],
  ])('%j is %s', async (result, json) => {
    expect(await written(result)).toEqual(['application/json', Buffer.from(json)]);
  });
});

describe('a result that is bytes', () => {
  const bytes = Uint8Array.from([0, 255, 10]);
  test.each([
    ['a Uint8Array', bytes],
    ['a Buffer', Buffer.from(bytes)],
    ['part of a larger buffer', new Uint8Array([9, ...bytes, 9]).subarray(1, 4)],
    ['an ArrayBuffer', bytes.buffer],
    ['another view', new DataView(new Uint8Array([9, ...bytes]).buffer, 1)],
    ['an ArrayBuffer of another realm', runInNewContext('Uint8Array.from([0, 255, 10]).buffer')],
    ['a Uint8Array of another realm', runInNewContext('Uint8Array.from([0, 255, 10])')],
    ['a Blob', new Blob([bytes])],
    ['a web stream', new Blob([bytes]).stream()],
    ['a Node stream', Readable.from([Buffer.from(bytes)])],
    ['a generator', yielding(bytes.subarray(0, 1), bytes.subarray(1))],
  ])('as %s', async (_, result) => {
    expect(await written(result)).toEqual(['application/octet-stream', Buffer.from(bytes)]);
  });

  test('with a type, as a Blob', async () => {
    expect(await written(new Blob(['a,b'], { type: 'text/csv' }))).toEqual(['text/csv', Buffer.from('a,b')]);
  });

  test('as a stream of text', async () => {
    expect(await written(yielding('żół', Buffer.from('ć')))).toEqual([
      'application/octet-stream',
      Buffer.from('żółć'),
    ]);
  });
});

describe('a result that is a Response', () => {
  test.each([
    [new Response('a,b', { headers: { 'content-type': 'text/csv' } }), 'text/csv', 'a,b'],
    [Response.json({ a: 1 }, { status: 201 }), 'application/json', '{"a":1}'],
    [new Response('text'), 'text/plain;charset=UTF-8', 'text'],
    [new Response(new Uint8Array([65])), 'application/octet-stream', 'A'],
    [new Response('x', { headers: { 'content-type': '' } }), 'application/octet-stream', 'x'],
    [new Response(null, { status: 204 }), 'application/octet-stream', ''],
  ])('has its type and body', async (response, contentType, body) => {
    expect(await written(response)).toEqual([contentType, Buffer.from(body)]);
  });

  test('B1: is known by what it does, not by its class', async () => {
    const answer = { status: 201, bodyUsed: false, headers: new Headers({ 'content-type': 'text/csv' }) };
    const arrayBuffer = async () => Uint8Array.from([65]).buffer;
    expect(await written({ ...answer, body: Readable.from(['a,b']), arrayBuffer })).toEqual([
      'text/csv',
      Buffer.from('a,b'),
    ]);
    expect(await written({ ...answer, body: Buffer.from('a,b'), arrayBuffer })).toEqual([
      'text/csv',
      Buffer.from('a,b'),
    ]);
    expect(await written({ ...answer, arrayBuffer })).toEqual(['text/csv', Buffer.from('A')]);
    await expect(written({ ...answer, status: 404, body: null, arrayBuffer })).rejects.toThrow(
      'answered 404',
    );
  });

  test('B1: whose beginning was read gives the rest', async () => {
    const stream = ReadableStream.from(['magic', 'rest']);
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    expect((await written(stream))[1]).toEqual(Buffer.from('rest'));
  });

  test('may stream text, as a Response made by hand may', async () => {
    const stream = ReadableStream.from(['żół', 'ć']);
    const response = Object.defineProperty(new Response(), 'body', { value: stream });
    expect((await written(response))[1]).toEqual(Buffer.from('żółć'));
  });

  test.each(['text/\u0001', 'x'.repeat(300), 'text/é'])(
    'with the type %.20j is refused',
    async (contentType) => {
      const response = new Response('x', { headers: { 'content-type': contentType } });
      await expect(resultBodyOf(response, 0)).rejects.toThrow(ResultInvalid);
    },
  );
});

describe('B1: is refused', () => {
  test.each([
    ['a function', () => 5, 'result is a function'],
    ['a map', new Map([[1, 2]]), 'result is of type Map'],
    ['what has no JSON', { toJSON: () => undefined }, 'a object has no JSON form'],
    ['a type that is too long for a header', new Blob(['x'], { type: 'x'.repeat(300) }), '1 to 255'],
  ])('%s', async (_, result, message) => {
    await expect(resultBodyOf(result, 0)).rejects.toThrow(ResultInvalid);
    await expect(resultBodyOf(result, 0)).rejects.toThrow(message);
  });

  test('a Response that was read, and one that something else reads', async () => {
    const read = new Response('x');
    await read.text();
    await expect(resultBodyOf(read, 0)).rejects.toThrow(ResultInvalid);
    await expect(resultBodyOf(read, 0)).rejects.toThrow(
      'was read before: return it unread, or what was read',
    );
    const locked = new Response('x');
    locked.body?.getReader();
    await expect(written(locked)).rejects.toThrow('the stream is locked');
  });

  test.each([
    ['a web stream', () => new Blob(['x']).stream()],
    ['a Node stream', () => Readable.from(['x'])],
  ])('%s that was read to its end', async (_, make) => {
    const stream = make();
    for await (const _ of stream);
    await expect(written(stream)).rejects.toThrow(ResultInvalid);
  });

  test.each([
    [5, 'a stream must yield bytes or text, got number'],
    [null, 'a stream must yield bytes or text, got null'],
    [{}, 'a stream must yield bytes or text, got object'],
  ])('a stream that yields %j', async (chunk, message) => {
    await expect(written(yielding('a', chunk))).rejects.toThrow(message);
  });
});
