import { createHash } from 'node:crypto';

/** Longest request id, and longest name of a tenant, in characters. */
export const REQUEST_ID_MAX_LENGTH = 256;

/** Longest name of a source, in characters: it is in every outcome, which must fit a message. */
export const SOURCE_MAX_LENGTH = 2_048;

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

/** What makes a request this one and no other. */
export interface RequestIdentity {
  /** The ticket. */
  readonly id: string;
  /** Who gave the id, where it is only unique among its giver's; empty when the id stands for itself. */
  readonly source: string;
  /** Whom the request is for: tenants who choose the same id have different requests. */
  readonly tenant?: string;
}

/** 32 hexadecimal digits that stand for a request, different ones for each use. */
export function identityDigest(use: string, { id, source, tenant }: RequestIdentity): string {
  return tenant === undefined ? digestOf(use, source, id) : digestOf(use, source, id, tenant);
}

/** 32 hexadecimal digits that stand for these texts; different texts have different digests. */
export function digestOf(...texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

/**
 * What is wrong with the identity a sender chose, or undefined when it will do. All of it must survive as message
 * attributes, in a log line and in a URL, so it is short and has no control characters or unpaired surrogates.
 */
export function identityProblem({ id, source, tenant }: RequestIdentity): string | undefined {
  return (
    nameProblem('a request id', id, 1, REQUEST_ID_MAX_LENGTH) ??
    nameProblem('a source', source, 0, SOURCE_MAX_LENGTH) ??
    (tenant === undefined ? undefined : nameProblem('a tenant', tenant, 1, REQUEST_ID_MAX_LENGTH))
  );
}

function nameProblem(what: string, name: string, min: number, max: number): string | undefined {
  if (name.length < min || name.length > max) {
    return `${what} has ${min} to ${max} characters, got ${name.length}`;
  }
  if (/[\p{Cc}\p{Cs}\p{Cn}]/u.test(name))
    return `${what} has no control characters or unassigned code points`;
  return undefined;
}
