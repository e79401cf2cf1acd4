import { BINARY_TYPE, TEXT_TYPE } from '../core/base/media-type.ts';
import { PayloadUnreadable, TransferRefused } from './errors.ts';

/**
 * A payload. In Node, `fs.openAsBlob()` opens a file as a `Blob`; above 100 MiB, it is never in memory as a whole. The file must not
 * change while it is submitted.
 */
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

/**
 * Runs work that reads a payload. `fetch` says only that it failed when it can't read a body, so this reads all of it after a failure:
 * a blob can consist of several files.
 * @throws PayloadUnreadable, or what the work throws
 */
export async function readingPayload<Value>(
  payload: Blob,
  work: () => Promise<Value>,
  signal?: AbortSignal,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    // The store answered: the file is not the reason.
    if (error instanceof TransferRefused) throw error;
    await payload
      .stream()
      .pipeTo(new WritableStream(), { signal })
      .catch((problem: unknown) => {
        throw new PayloadUnreadable(problem);
      });
    throw error;
  }
}
