import { ClaimCheckRefused, EnvelopeMalformed } from '../base/errors.ts';
import { S3_MAX_KEY_BYTES } from '../config/aws-limits.ts';

/** A reference to a stored payload or result. */
export interface ClaimCheck {
  /** The kind of its store. @default 's3' */
  readonly scheme?: ClaimCheckScheme;
  /** The bucket. In a directory store, the name of the store. */
  readonly bucket: string;
  readonly key: string;
  /** The object's version; without it, the newest. */
  readonly versionId?: string;
  /** The object's size in bytes, if the reference contains it. */
  readonly size?: number;
}

/** The kinds of stores that claim checks refer to: `s3` for S3, `file` for a directory. */
export const CLAIM_CHECK_SCHEMES = ['s3', 'file'] as const;

/** A kind of store, as the beginning of a claim check says it. */
export type ClaimCheckScheme = (typeof CLAIM_CHECK_SCHEMES)[number];

const DEFAULT_SCHEME: ClaimCheckScheme = 's3';

/**
 * Formats a claim check for a `dataref`: `s3://bucket/key?versionId=…` or `file://store/key`, with the key
 * percent-encoded. The reference to a file names its store and never a path of a machine.
 */
export function formatClaimCheck({ scheme, bucket, key, versionId }: ClaimCheck): string {
  const path = key.split('/').map(encodeURIComponent).join('/');
  const query = versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`;
  return `${scheme ?? DEFAULT_SCHEME}://${bucket}/${path}${query}`;
}

/**
 * Reads what {@link formatClaimCheck} wrote.
 * @throws EnvelopeMalformed when it has another scheme, or no bucket or key
 */
export function parseClaimCheck(reference: string): ClaimCheck {
  const [, schemeName, bucket, path, query] = REFERENCE.exec(reference) ?? [];
  const scheme = CLAIM_CHECK_SCHEMES.find((known) => known === schemeName);
  const key = path === undefined ? undefined : percentDecoded(path);
  if (!scheme || !bucket || !key) {
    throw new EnvelopeMalformed(
      'claim check',
      `expected s3://bucket/key?versionId=… or file://store/key, got ${beginningOf(reference).slice(0, 200)}`,
    );
  }
  const versionId = new URLSearchParams(query).get('versionId') ?? undefined;
  return {
    ...(scheme !== DEFAULT_SCHEME && { scheme }),
    bucket,
    key,
    ...(versionId !== undefined && { versionId }),
  };
}

const REFERENCE = /^([a-z0-9]+):\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/([^?#]+)(?:\?([^#]*))?$/;

/** The reference without parts that may grant access (user name, signature, fragment), since problems are published. */
function beginningOf(reference: string): string {
  const [beginning = ''] = reference.split(/[?#]/, 1);
  return beginning.replace(/\/\/[^/]*@/, '//…@');
}

/** The problem with a claim check that no store could have issued; undefined if it may be opened. */
export function claimCheckProblem({ scheme, bucket, key, versionId = '' }: ClaimCheck): string | undefined {
  if (!`${bucket} ${key} ${versionId}`.isWellFormed()) return 'it must not have unpaired surrogates';
  if (bucket.includes('/')) return `a bucket's name has no slash, got ${bucket.slice(0, 100)}`;
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > S3_MAX_KEY_BYTES) return `a key has at most ${S3_MAX_KEY_BYTES} bytes, got ${keyBytes}`;
  if (scheme === 'file' && !isRelativePath(key)) {
    return `the key of a file has no empty segments, no . or .., and no backslashes, got ${key.slice(0, 100)}`;
  }
  return undefined;
}

/** Whether a path stays below the folder it starts from, on any system. */
function isRelativePath(path: string): boolean {
  const segments = path.split('/');
  return !/[\\\0]/.test(path) && segments.every((segment) => !['', '.', '..'].includes(segment));
}

/** Whether two claim checks refer to the same object, in whatever version. */
export function isSameObject(one: ClaimCheck, other: ClaimCheck): boolean {
  return locationOf(one) === locationOf(other);
}

/**
 * Rejects a claim check outside the allowed locations. Otherwise a sender could make the service read objects that the
 * sender itself can't access (a confused deputy).
 * @param sources `bucket` or `bucket/prefix` in S3, `file://store` or `file://store/prefix` in a directory store
 * @throws ClaimCheckRefused
 */
export function assertAllowed(check: ClaimCheck, sources: readonly string[]): void {
  const prefixes = sources.map(prefixOf);
  const location = locationOf(check);
  if (prefixes.some((prefix) => location.startsWith(prefix))) return;
  const schemes = CLAIM_CHECK_SCHEMES.filter((scheme) =>
    prefixes.some((at) => at.startsWith(`${scheme}://`)),
  );
  throw new ClaimCheckRefused(location, check, schemes);
}

/** A claim check without its version, not encoded. */
function locationOf({ scheme = DEFAULT_SCHEME, bucket, key }: ClaimCheck): string {
  return `${scheme}://${bucket}/${key}`;
}

function prefixOf(source: string): string {
  const [, scheme = DEFAULT_SCHEME, path = ''] = /^(?:([a-z0-9]+):\/\/)?(.*)$/s.exec(source) ?? [];
  return `${scheme}://${path.includes('/') ? path : `${path}/`}`;
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
