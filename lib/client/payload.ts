import { BINARY_TYPE, TEXT_TYPE } from '../core/base/media-type.ts';

/** A payload. In Node, `fs.openAsBlob()` opens a file as a `Blob`; above 100 MiB, it is never in memory as a whole. */
export type PayloadBody = string | Uint8Array<ArrayBuffer> | ArrayBuffer | Blob;

/** A payload with its content type. */
export interface TypedBlob {
  readonly blob: Blob;
  readonly contentType: string;
}

/** @param contentType of the bytes. @default the body's own type */
export function typedBlobOf(body: PayloadBody, contentType: string | undefined): TypedBlob {
  if (body instanceof Blob) return { blob: body, contentType: contentType ?? (body.type || BINARY_TYPE) };
  const type = contentType ?? (typeof body === 'string' ? TEXT_TYPE : BINARY_TYPE);
  return { blob: new Blob([body]), contentType: type };
}
