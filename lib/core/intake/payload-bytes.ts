import { BINARY_TYPE, JSON_TYPE, TEXT_TYPE } from '../base/media-type.ts';

/** A payload as bytes, with its type. */
export interface PayloadBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

/**
 * Text and bytes stay as they are. Any other value becomes JSON.
 * @throws TypeError for a value that JSON doesn't know, such as a function
 */
export function payloadBytes(payload: unknown, contentType: string | undefined): PayloadBytes {
  if (typeof payload === 'string')
    return { bytes: Buffer.from(payload), contentType: contentType ?? TEXT_TYPE };
  if (payload instanceof ArrayBuffer || ArrayBuffer.isView(payload)) {
    return { bytes: bytesOf(payload), contentType: contentType ?? BINARY_TYPE };
  }
  const json = JSON.stringify(payload);
  if (json === undefined) {
    throw new TypeError(`A payload is text, bytes or a value for JSON, got ${typeof payload}`);
  }
  return { bytes: Buffer.from(json), contentType: contentType ?? JSON_TYPE };
}

function bytesOf(payload: ArrayBuffer | ArrayBufferView): Uint8Array<ArrayBuffer> {
  if (!ArrayBuffer.isView(payload)) return new Uint8Array(payload.slice(0));
  return Uint8Array.from(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength));
}
