import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CONTENT_CODINGS,
  codingsOf,
  contentEncodingOf,
  decodeContent,
  decodeStream,
} from '../../../lib/core/base/content-coding.ts';
import { CoatcheckError } from '../../../lib/core/base/errors.ts';
import { chunked, MeteredBody, readAll } from '../../support/streams.ts';

const ENCODE: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
  'gzip, br': (bytes) => zlib.brotliCompressSync(zlib.gzipSync(bytes)),
  'deflate, zstd': (bytes) => zlib.zstdCompressSync(zlib.deflateSync(bytes)),
};

const bytesOf = (content: Uint8Array | string) => new Uint8Array(Buffer.from(content));

/** Decodes in both ways, and expects them to agree. */
async function decoded(
  bytes: Uint8Array,
  contentEncoding: string | undefined,
  limit = 1_000_000,
): Promise<string> {
  const whole = Buffer.from(await decodeContent(bytesOf(bytes), contentEncoding, 'The payload', limit));
  const chunks = Array.from({ length: Math.ceil(bytes.byteLength / 7) }, (_, index) =>
    bytes.subarray(7 * index, 7 * index + 7),
  );
  const streamed = await readAll(decodeStream(chunked(...chunks), contentEncoding, 'The payload', limit));
  expect(streamed.equals(whole)).toBe(true);
  return String(whole);
}

/** The error codes of both ways. */
async function codes(bytes: Uint8Array, contentEncoding: string, limit = 1_000_000): Promise<unknown[]> {
  const ways = [
    async () => decodeContent(bytesOf(bytes), contentEncoding, 'The payload', limit),
    async () => readAll(decodeStream(chunked(bytes), contentEncoding, 'The payload', limit)),
  ];
  return Promise.all(
    ways.map((way) =>
      way().then(
        () => 'decoded',
        (error) => (error instanceof CoatcheckError ? error.code : error),
      ),
    ),
  );
}

describe('B5: a payload', () => {
  test.each(Object.keys(ENCODE))('in %s is decoded', async (contentEncoding) => {
    const content = 'Grüße, 🧥 '.repeat(500);
    expect(
      await decoded(ENCODE[contentEncoding]?.(Buffer.from(content)) ?? Buffer.of(), contentEncoding),
    ).toBe(content);
  });

  test('of any bytes in any codings decodes to the original', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array(),
        fc.constantFrom(...Object.keys(ENCODE)),
        async (bytes, contentEncoding) => {
          const encoded = ENCODE[contentEncoding]?.(bytes) ?? Buffer.of();
          const back = await decodeContent(bytesOf(encoded), contentEncoding, 'The payload', 1_000_000);
          expect(Buffer.from(back).equals(bytes)).toBe(true);
        },
      ),
    );
  });

  test('in deflate without zlib’s header is decoded, as in browsers', async () => {
    expect(await decoded(zlib.deflateRawSync('hello'), 'deflate')).toBe('hello');
  });

  test('in several gzip members is decoded completely', async () => {
    expect(await decoded(Buffer.concat([zlib.gzipSync('a,b\n'), zlib.gzipSync('1,2\n')]), 'gzip')).toBe(
      'a,b\n1,2\n',
    );
  });

  test.each([undefined, '', 'identity', 'aws-chunked'])(
    'with the Content-Encoding %j stays as it is',
    async (field) => {
      expect(await decoded(Buffer.from('hello'), field)).toBe('hello');
    },
  );
});

describe('B5: a Content-Encoding', () => {
  test.each([
    ['gzip', 'gzip'],
    [' GZip ', 'gzip'],
    ['x-gzip', 'gzip'],
    ['aws-chunked', undefined],
    ['aws-chunked,gzip', 'gzip'],
    ['gzip,aws-chunked', 'gzip'],
    ['identity', undefined],
    ['', undefined],
    [' , gzip ,, br', 'gzip, br'],
    [undefined, undefined],
  ])('%j means %j', (field, contentEncoding) => {
    expect(contentEncodingOf(field)).toBe(contentEncoding);
  });

  test.each(['compress', 'gzip, compress', 'utf-8', 'base64', 'exi', Array(5).fill('gzip').join()])(
    '%s is refused, and the error lists the supported codings',
    (field) => {
      expect(() => codingsOf(field)).toThrow(CONTENT_CODINGS.join(', '));
    },
  );
});

describe.each(['gzip', 'deflate', 'br', 'zstd'])('B5: %s', (coding) => {
  const encode = ENCODE[coding] ?? (() => Buffer.of());

  test('with invalid data is refused with its code', async () => {
    expect(await codes(Buffer.from('{"x":6}'), coding)).toEqual(Array(2).fill('content_encoding_invalid'));
  });

  test('without data is refused with its code', async () => {
    expect(await codes(Buffer.of(), coding)).toEqual(Array(2).fill('content_encoding_invalid'));
  });

  test('with truncated data is refused with its code', async () => {
    const whole = encode(Buffer.from('Grüße, 🧥 '.repeat(500)));
    expect(await codes(whole.subarray(0, whole.byteLength - 5), coding)).toEqual(
      Array(2).fill('content_encoding_invalid'),
    );
  });

  test('decodes up to the limit, and not a byte further', async () => {
    expect((await decoded(encode(Buffer.alloc(1_000)), coding, 1_000)).length).toBe(1_000);
    expect(await codes(encode(Buffer.alloc(1_001)), coding, 1_000)).toEqual(
      Array(2).fill('payload_too_large'),
    );
  });

  test('refuses a bomb, with bounded memory', async () => {
    const bomb = encode(encodable(200_000_000));
    expect(bomb.byteLength).toBeLessThan(300_000);
    const before = process.memoryUsage().arrayBuffers;
    expect(await codes(bomb, coding, 1_000_000)).toEqual(Array(2).fill('payload_too_large'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  test('fails with the error of its source stream', async () => {
    async function* broken() {
      yield encode(Buffer.from('hello'.repeat(1_000))).subarray(0, 12);
      throw new Error('the connection broke');
    }
    await expect(readAll(decodeStream(broken(), coding, 'The payload', 1_000))).rejects.toThrow(
      'the connection broke',
    );
  });
});

/** Zeros, allocated once. */
const encodable = (() => {
  let zeros = Buffer.of();
  return (size: number) => {
    if (zeros.byteLength !== size) zeros = Buffer.alloc(size);
    return zeros;
  };
})();

test('B5: gzip with two members is decoded completely', async () => {
  const members = ['Hello, ', 'world'].map((text) => zlib.gzipSync(text));
  expect(await decoded(Buffer.concat(members), 'gzip')).toBe('Hello, world');
});

test.each(['deflate', 'br', 'zstd'])('B5: %s with trailing data is refused, not cut off', async (coding) => {
  const encode = ENCODE[coding] ?? (() => Buffer.of());
  const frames = ['Hello, ', 'world'].map((text) => encode(Buffer.from(text)));
  expect(await codes(Buffer.concat(frames), coding)).toEqual(Array(2).fill('content_encoding_invalid'));
});

test('B5: zstd with a window above 8 MiB is refused', async () => {
  const params = { [zlib.constants.ZSTD_c_windowLog]: 27 };
  const wide = zlib.zstdCompressSync(Buffer.alloc(64_000_000), { params });
  expect(await codes(wide, 'zstd', 100_000_000)).toEqual(Array(2).fill('content_encoding_invalid'));
});

test('B5: a reader that stops early releases the source of a decoded stream', async () => {
  const source = new MeteredBody(10_000_000);
  async function* encoded() {
    const gzip = zlib.gzipSync(Buffer.alloc(50_000_000));
    yield gzip.subarray(0, 1_000);
    yield* source;
  }
  for await (const _ of decodeStream(encoded(), 'gzip', 'The payload', 1_000_000_000)) break;
  expect(source.bytesRead).toBeLessThan(10_000_000);
});
