import * as types from 'node:util/types';

/**
 * The members of a `Response` that are used. It is recognized by them, since the responses of undici, node-fetch and
 * @whatwg-node/fetch are not instances of the global class.
 * @see https://fetch.spec.whatwg.org/#response-class
 */
export interface ResponseLike {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  /** A web stream; with node-fetch, a Node stream or bytes; null if there is no body. */
  readonly body?: unknown;
  readonly bodyUsed: boolean;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** The members of a `Blob` or `File` that are used, of any library. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  stream(): AsyncIterable<unknown>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export function isResponse(value: unknown): value is ResponseLike {
  if (!isObject(value) || !('status' in value && 'headers' in value && 'bodyUsed' in value)) return false;
  const { status, headers, bodyUsed } = value;
  if (typeof status !== 'number' || typeof bodyUsed !== 'boolean') return false;
  return isObject(headers) && hasMethod(headers, 'get') && hasMethod(value, 'arrayBuffer');
}

export function isBlob(value: unknown): value is BlobLike {
  if (!isObject(value) || !('size' in value && 'type' in value)) return false;
  if (typeof value.size !== 'number' || typeof value.type !== 'string') return false;
  return hasMethod(value, 'stream') && hasMethod(value, 'arrayBuffer');
}

/** Whether a value is a Node stream, a web stream or another async iterable. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  return isObject(value) && Symbol.asyncIterator in value;
}

/** The bytes of a view or a buffer of any realm; undefined for anything else. */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? new Uint8Array(value) : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function hasMethod<Name extends string>(value: object, name: Name): value is Record<Name, () => unknown> {
  return name in value && typeof Reflect.get(value, name) === 'function';
}
