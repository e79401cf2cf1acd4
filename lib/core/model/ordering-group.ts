import { digestOf } from './request-id.ts';

/**
 * The message group of requests that run one after another: those of a tenant with one ordering key. Without a key, all of
 * the tenant are one group, and without a tenant, all of the service. A digest, since groups of SQS have at most 128
 * characters, and none but those of ASCII.
 */
export function orderingGroup(tenant: string | undefined, key: string | undefined): string {
  return digestOf(tenant ?? '', key ?? '');
}
