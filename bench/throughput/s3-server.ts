/**
 * A simulated S3 in its own process. GetObject returns the number of bytes in the last part of the key; uploads are
 * discarded. Sends its port to its parent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

const BLOCK = Buffer.alloc(1024 ** 2, 'a line of a payload that goes on and on\n');

const server = createServer(async (request, response) => {
  if (request.method === 'GET') await sendObject(sizeIn(request), response);
  else await takeUpload(request, response);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') process.send?.(address?.port);
});
process.once('disconnect', () => process.exit());

/** Includes the checksum of the whole object, as S3 does if the upload had one; the SDK verifies it. */
async function sendObject(bytes: number, response: ServerResponse): Promise<void> {
  response.writeHead(200, {
    'content-length': bytes,
    'x-amz-checksum-crc32': checksumOf(bytes),
    'x-amz-checksum-type': 'FULL_OBJECT',
  });
  await pipeline(
    Readable.from(blocks(bytes), { objectMode: false, highWaterMark: BLOCK.byteLength }),
    response,
  );
}

async function takeUpload(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume();
  await finished(request);
  response.setHeader('etag', '"etag"');
  if (request.method === 'POST') response.setHeader('content-type', 'application/xml');
  response.end(
    request.url?.includes('uploads') ? '<Begun><UploadId>upload</UploadId></Begun>' : '<Done></Done>',
  );
}

function sizeIn({ url = '' }: IncomingMessage): number {
  return Number(/(\d+)\?/.exec(url)?.[1]);
}

function* blocks(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= BLOCK.byteLength) yield BLOCK.subarray(0, left);
}

const checksums = new Map<number, string>();

function checksumOf(bytes: number): string {
  const known = checksums.get(bytes);
  if (known !== undefined) return known;
  let sum = 0;
  for (const block of blocks(bytes)) sum = crc32(block, sum);
  const encoded = Buffer.alloc(4);
  encoded.writeUInt32BE(sum);
  checksums.set(bytes, encoded.toString('base64'));
  return checksumOf(bytes);
}
