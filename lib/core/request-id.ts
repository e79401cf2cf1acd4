import { createHash } from 'node:crypto';

/** Longest request id, in characters. */
export const REQUEST_ID_MAX_LENGTH = 256;

/** Longest name of an issuer, in characters: it is in every outcome, which must fit a message. */
export const ISSUER_MAX_LENGTH = 2_048;

/** Where an uploaded payload lies. */
export interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
  /** The object's version; in a bucket without versions, whatever else tells two uploads apart. */
  readonly version: string;
}

/**
 * The request id of an upload: the same for a duplicate event, another for an overwrite.
 * A client that uploaded an object can compute it from what S3 answered.
 */
export function requestIdOfUpload({ bucket, key, version }: UploadedObject): string {
  return digestOf(bucket, key, version);
}

/** 32 hexadecimal digits that stand for these texts; different texts have different digests. */
export function digestOf(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

/**
 * What is wrong with an id a sender chose, or undefined when it will do. It must survive as a message attribute, in a
 * log line and in a URL, so it is short and has no control characters or unpaired surrogates.
 */
export function requestIdProblem(id: string): string | undefined {
  if (id.length === 0 || id.length > REQUEST_ID_MAX_LENGTH) {
    return `a request id has 1 to ${REQUEST_ID_MAX_LENGTH} characters, got ${id.length}`;
  }
  if (/[\p{Cc}\p{Cs}\p{Cn}]/u.test(id))
    return 'a request id has no control characters or unassigned code points';
  return undefined;
}

/** What is wrong with the name of an id's issuer, or undefined when it will do. */
export function issuerProblem(issuer: string): string | undefined {
  if (issuer.length <= ISSUER_MAX_LENGTH) return undefined;
  return `an issuer has at most ${ISSUER_MAX_LENGTH} characters, got ${issuer.length}`;
}
