import { BINARY_TYPE, TEXT_TYPE } from '../core/base/media-type.ts';

/** What a payload may be given as. In Node a file is a `Blob` by `fs.openAsBlob()`; above 100 MiB it is never in memory whole. */
export type PayloadBody = string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob;

/** A payload with its type. */
export interface Payload {
  readonly blob: Blob;
  readonly contentType: string;
}

/** @param contentType of the bytes; without it, what the body says of itself */
export function payloadOf(body: PayloadBody, contentType: string | undefined): Payload {
  if (body instanceof Blob) return { blob: body, contentType: contentType ?? (body.type || BINARY_TYPE) };
  const type = contentType ?? (typeof body === 'string' ? TEXT_TYPE : BINARY_TYPE);
  return { blob: new Blob([body]), contentType: type };
}
