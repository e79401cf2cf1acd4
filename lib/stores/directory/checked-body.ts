import { createHash } from 'node:crypto';
import { CoatcheckError } from '../../core/base/errors.ts';

/** What was uploaded isn't what was announced. */
export class UploadMismatch extends CoatcheckError {
  override readonly name = 'UploadMismatch';
  readonly code = 'upload_mismatch';
}

/**
 * Passes the bytes of an upload on.
 * @param sha256 base64; not checked if absent
 * @throws UploadMismatch if they are others than was announced
 */
export async function* checkedBody(
  body: AsyncIterable<Uint8Array>,
  size: number,
  sha256: string | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > size) throw new UploadMismatch(`The upload must have ${size} bytes, got more`);
    if (sha256 !== undefined) hash.update(chunk);
    yield chunk;
  }
  if (bytes !== size) throw new UploadMismatch(`The upload must have ${size} bytes, got ${bytes}`);
  if (sha256 !== undefined && hash.digest('base64') !== sha256) {
    throw new UploadMismatch(`The upload must have the SHA-256 ${sha256}, got another one`);
  }
}
