import { digestOf, nameProblem } from './request-id.ts';

/** Longest ordering key, in characters. */
export const ORDERING_KEY_MAX_LENGTH = 128;

/** The problem with an ordering key; undefined if it is valid. */
export function orderingKeyProblem(key: string): string | undefined {
  return nameProblem('an ordering key', key, 1, ORDERING_KEY_MAX_LENGTH);
}

/**
 * The message group of requests that run one after another: those of a tenant with one ordering key. Without a key, all of
 * the tenant are one group, and without a tenant, all of the service. A digest, since groups of SQS have at most 128
 * characters, and none but those of ASCII.
 */
export function orderingGroup(tenant: string | undefined, key: string | undefined): string {
  return digestOf(tenant ?? '', key ?? '');
}
