import { hash } from 'node:crypto';
import { REQUEST_ID_MAX_LENGTH } from './chosen-id.ts';

/** Longest name of a source, in characters. Every outcome contains it and must fit a message. */
export const SOURCE_MAX_LENGTH = 2_048;

/** The location of an uploaded payload. */
export interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
  /** The object's version; in a bucket without versions, another value that differs for each upload. */
  readonly version: string;
}

/**
 * The request id of an upload. Duplicate events have the same one, an overwrite has another. A client can compute it
 * from S3's response to the upload.
 */
export function requestIdOfUpload({ bucket, key, version }: UploadedObject): string {
  return digestOf(bucket, key, version);
}

/** Identifies a request. */
export interface RequestIdentity {
  /** The ticket. */
  readonly id: string;
  /** The source that the id is unique in; empty if the id is globally unique. */
  readonly source: string;
  /** The tenant. The same id of another tenant is another request. */
  readonly tenant?: string;
}

/** A digest of a request's identity, 32 hexadecimal digits. @param use distinguishes digests for different uses */
export function identityDigest(use: string, { id, source, tenant }: RequestIdentity): string {
  return tenant === undefined ? digestOf(use, source, id) : digestOf(use, source, id, tenant);
}

/** A digest of a list of strings, 32 hexadecimal digits. */
export function digestOf(...texts: readonly string[]): string {
  return hash('sha256', JSON.stringify(texts)).slice(0, 32);
}

/**
 * The problem with the identity that a sender chose; undefined if it is valid. Message attributes, log lines and URLs
 * contain it, so it must be short and without control characters or unpaired surrogates.
 */
export function identityProblem({ id, source, tenant }: RequestIdentity): string | undefined {
  return (
    nameProblem('a request id', id, 1, REQUEST_ID_MAX_LENGTH) ??
    nameProblem('a source', source, 0, SOURCE_MAX_LENGTH) ??
    (tenant === undefined ? undefined : nameProblem('a tenant', tenant, 1, REQUEST_ID_MAX_LENGTH))
  );
}

/** Whether a value can be the id of a request: of a message whose id its sender chose, it may be anything. */
export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && identityProblem({ id: value, source: '' }) === undefined;
}

function nameProblem(what: string, name: string, min: number, max: number): string | undefined {
  if (name.length < min || name.length > max) {
    return `${what} has ${min} to ${max} characters, got ${name.length}`;
  }
  if (/[\p{Cc}\p{Cs}\p{Cn}]/u.test(name))
    return `${what} has no control characters or unassigned code points`;
  return undefined;
}
