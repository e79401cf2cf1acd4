import { ClaimCheckRefused, EnvelopeMalformed } from '../base/errors.ts';
import { S3_MAX_KEY_BYTES } from '../config/aws-limits.ts';

/** A reference to a stored payload or result. */
export interface ClaimCheck {
  readonly bucket: string;
  readonly key: string;
  /** The object's version; without it, the newest. */
  readonly versionId?: string;
  /** The object's size in bytes, if the reference contains it. */
  readonly size?: number;
}

/** Formats a claim check for a `dataref`: `s3://bucket/key?versionId=…`, with the key percent-encoded. */
export function formatClaimCheck({ bucket, key, versionId }: ClaimCheck): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  const query = versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`;
  return `s3://${bucket}/${path}${query}`;
}

/**
 * Reads what {@link formatClaimCheck} wrote.
 * @throws EnvelopeMalformed when it isn't an `s3://` reference with a bucket and a key
 */
export function parseClaimCheck(reference: string): ClaimCheck {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/([^?#]+)(?:\?([^#]*))?$/.exec(reference);
  const [, bucket, path, query] = match ?? [];
  const key = path === undefined ? undefined : percentDecoded(path);
  if (!bucket || !key) {
    throw new EnvelopeMalformed(
      'claim check',
      `expected s3://bucket/key?versionId=…, got ${beginningOf(reference).slice(0, 200)}`,
    );
  }
  const versionId = new URLSearchParams(query).get('versionId') ?? undefined;
  return versionId === undefined ? { bucket, key } : { bucket, key, versionId };
}

/** The reference without parts that may grant access (user name, signature, fragment), since problems are published. */
function beginningOf(reference: string): string {
  const [beginning = ''] = reference.split(/[?#]/, 1);
  return beginning.replace(/\/\/[^/]*@/, '//…@');
}

/** The problem with a claim check that no store could have issued; undefined if it may be opened. */
export function claimCheckProblem({ bucket, key, versionId = '' }: ClaimCheck): string | undefined {
  if (!`${bucket} ${key} ${versionId}`.isWellFormed()) return 'it must not have unpaired surrogates';
  if (bucket.includes('/')) return `a bucket's name has no slash, got ${bucket.slice(0, 100)}`;
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > S3_MAX_KEY_BYTES) return `a key has at most ${S3_MAX_KEY_BYTES} bytes, got ${keyBytes}`;
  return undefined;
}

/**
 * Rejects a claim check outside the allowed locations. Otherwise a sender could make the service read objects that the
 * sender itself can't access (a confused deputy).
 * @param sources `bucket` or `bucket/prefix`
 * @throws ClaimCheckRefused
 */
export function assertAllowed(check: ClaimCheck, sources: readonly string[]): void {
  const path = `${check.bucket}/${check.key}`;
  const allowed = sources.some((source) =>
    source.includes('/') ? path.startsWith(source) : source === check.bucket,
  );
  if (!allowed) throw new ClaimCheckRefused(check.bucket, check.key);
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
