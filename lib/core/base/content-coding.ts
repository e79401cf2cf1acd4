import { pipeline } from 'node:stream';
import zlib from 'node:zlib';
import { single } from './byte-streams.ts';
import { ContentEncodingInvalid, ContentEncodingUnsupported, PayloadLimitExceeded } from './errors.ts';

/** The supported content codings. @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1 */
export const CONTENT_CODINGS = ['gzip', 'deflate', 'br', 'zstd'] as const;

type ContentCoding = (typeof CONTENT_CODINGS)[number];

/** Most codings of a payload. Each takes a decoder with its window; real senders apply one. */
const MAX_CODINGS = 4;

/**
 * A normalized `Content-Encoding`, in the order the codings were applied; undefined if there are none. `x-gzip` becomes
 * `gzip`; `identity` is dropped, and so is `aws-chunked`, which S3's clients add and S3 has already decoded.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export function contentEncodingOf(field: string | undefined): string | undefined {
  const codings = (field ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim().replace(/^x-gzip$/, 'gzip'))
    .filter((coding) => !['', 'identity', 'aws-chunked'].includes(coding));
  return codings.length === 0 ? undefined : codings.join(', ');
}

/**
 * The codings of a content encoding in the order of decoding: last applied first.
 * @throws ContentEncodingUnsupported
 */
export function codingsOf(contentEncoding: string | undefined): readonly ContentCoding[] {
  const codings = contentEncodingOf(contentEncoding)?.split(', ').toReversed() ?? [];
  if (codings.length > MAX_CODINGS || !codings.every(isSupported)) {
    throw new ContentEncodingUnsupported(contentEncoding ?? '', CONTENT_CODINGS, MAX_CODINGS);
  }
  return codings;
}

/** Node 20 has no zstd. */
function isSupported(coding: string): coding is ContentCoding {
  const isKnown = CONTENT_CODINGS.some((known) => known === coding);
  return isKnown && (coding !== 'zstd' || typeof zlib.zstdDecompress === 'function');
}

/**
 * Decodes bytes in memory, without ever holding more decoded bytes than allowed.
 * @param what names the payload in errors
 * @param limit most decoded bytes
 * @throws ContentEncodingUnsupported, ContentEncodingInvalid, PayloadLimitExceeded
 */
export async function decodeContent(
  bytes: Uint8Array<ArrayBuffer>,
  contentEncoding: string | undefined,
  what: string,
  limit: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (codingsOf(contentEncoding).length === 0) return bytes;
  const chunks: Uint8Array[] = [];
  for await (const chunk of decodeStream(single(bytes), contentEncoding, what, limit)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * Decodes a stream as it arrives, in constant memory.
 * @throws ContentEncodingUnsupported, ContentEncodingInvalid, PayloadLimitExceeded, or what the stream throws
 */
export function decodeStream(
  stream: AsyncIterable<Uint8Array>,
  contentEncoding: string | undefined,
  what: string,
  limit: number,
): AsyncIterable<Uint8Array> {
  const codings = codingsOf(contentEncoding);
  if (codings.length === 0) return stream;
  const decoded = codings.reduce((encoded, coding) => decodeStreamOnce(encoded, coding, what), stream);
  return bounded(decoded, what, limit);
}

async function* decodeStreamOnce(
  stream: AsyncIterable<Uint8Array>,
  coding: ContentCoding,
  what: string,
): AsyncGenerator<Uint8Array> {
  let broke: { readonly error: unknown } | undefined;
  let fed = 0;
  async function* noticing(first: Uint8Array, rest: AsyncIterator<Uint8Array>) {
    try {
      fed = first.byteLength;
      yield first;
      for await (const chunk of { [Symbol.asyncIterator]: () => rest }) {
        fed += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      broke = { error };
      throw error;
    }
  }
  const rest = stream[Symbol.asyncIterator]();
  const { value: first, done } = await rest.next();
  if (done) throw new ContentEncodingInvalid(what, coding, new Error('it is empty'));
  const decoder = decoderOf(coding, first[0]);
  try {
    // An error ends the iteration, so the callback has nothing to do.
    yield* pipeline(noticing(first, rest), decoder, () => {});
  } catch (error) {
    throw broke ? broke.error : new ContentEncodingInvalid(what, coding, error);
  }
  // Node ignores data after the first zstd frame, but decodes further gzip members.
  // @see https://github.com/nodejs/node/issues/64741
  if (coding !== 'gzip' && decoder.bytesWritten < fed) {
    throw new ContentEncodingInvalid(
      what,
      coding,
      new Error('it has data after its end: send a single frame'),
    );
  }
}

async function* bounded(
  stream: AsyncIterable<Uint8Array>,
  what: string,
  limit: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.byteLength;
    if (bytes > limit) throw new PayloadLimitExceeded(`${what}, decoded,`, bytes, limit);
    yield chunk;
  }
}

/** A zstd frame may ask for a window of gigabytes; HTTP allows 8 MiB. @see https://www.rfc-editor.org/rfc/rfc9659 */
const ZSTD_OPTIONS = { params: { [zlib.constants.ZSTD_d_windowLogMax]: 23 } };

function decoderOf(coding: ContentCoding, firstByte: number | undefined) {
  switch (coding) {
    case 'gzip':
      return zlib.createGunzip();
    case 'deflate':
      return isZlib(firstByte) ? zlib.createInflate() : zlib.createInflateRaw();
    case 'br':
      return zlib.createBrotliDecompress();
    case 'zstd':
      return zlib.createZstdDecompress(ZSTD_OPTIONS);
  }
}

/** `deflate` means the zlib format, but some senders omit its header. @see https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.2 */
function isZlib(firstByte: number | undefined): boolean {
  return firstByte !== undefined && (firstByte & 0x0f) === 0x08;
}
