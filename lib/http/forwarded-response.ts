import type { IncomingMessage } from 'node:http';
import { contentEncodingOf, decodeStream } from '../core/base/content-coding.ts';
import type { ResponseLike } from '../core/base/web-bodies.ts';

/** A service's response, whose body arrives while it is read. It is decoded: results have no content coding. */
export class ForwardedResponse implements ResponseLike {
  readonly status: number;
  readonly headers: ResponseLike['headers'];
  readonly body: AsyncIterable<Uint8Array>;
  readonly bodyUsed = false;

  /** @param method of the call */
  constructor(received: IncomingMessage, method: string) {
    this.status = received.statusCode ?? 0;
    this.headers = { get: (name) => received.headersDistinct[name.toLowerCase()]?.join(', ') ?? null };
    // A response without content may still say how it would be coded.
    this.body = method === 'HEAD' || this.status === 204 ? received : decoded(received);
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return new Response(ReadableStream.from(this.body)).arrayBuffer();
  }
}

/** Fails when it is read and not before: the status counts even if the body can't be decoded. */
async function* decoded(received: IncomingMessage): AsyncGenerator<Uint8Array> {
  const coding = contentEncodingOf(received.headers['content-encoding']);
  // The service is the user's own, so its responses have no limit.
  yield* decodeStream(received, coding, 'The response of the service', Number.POSITIVE_INFINITY);
}
