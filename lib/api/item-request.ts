import type * as z from 'zod';
import type { SubmitRequest } from '../core/intake/submissions.ts';
import type { Clock } from '../core/ports/clock.ts';
import { destinationFor, type ItemDestination } from './destination.ts';
import { payloadOf } from './payload-forms.ts';
import {
  checkedMetadata,
  contentEncodingFor,
  contentLanguageOf,
  contentTypeOf,
  expiryOf,
  minVersionOf,
  orderingKeyOf,
  priorityOf,
  timeOf,
  topicOf,
} from './request-fields.ts';
import type { ITEM_FIELDS } from './schemas.ts';

/** The members of a request among several of a call. */
export type RequestMembers = z.infer<z.ZodObject<typeof ITEM_FIELDS>>;

/**
 * Reads a request among several of a call, as the headers of `POST /v1/requests` are read.
 * @param options `writeJson` writes its JSON payload; `mayHaveExpired`: the time of its expiry may have passed
 * @throws ProblemError
 */
export function itemRequestOf<Found extends ItemDestination>(
  members: RequestMembers,
  parts: { readonly destinations: readonly Found[]; readonly clock: Clock },
  {
    writeJson,
    mayHaveExpired = false,
  }: { readonly writeJson?: (value: unknown) => string; readonly mayHaveExpired?: boolean } = {},
) {
  const topic = topicOf('topic', members.topic);
  const destination = destinationFor('topic', topic, parts.destinations);
  const { bytes, contentType } = payloadOf(members, { writeJson });
  const request = {
    contentType: contentTypeOf('contentType', contentType),
    contentEncoding: contentEncodingFor(members.contentEncoding),
    contentLanguage: contentLanguageOf(members.contentLanguage),
    metadata: checkedMetadata(members.metadata ?? {}),
    notBefore: timeOf('notBefore', members.notBefore),
    expiresAt: expiryOf('expiresAt', members.expiresAt, mayHaveExpired ? undefined : parts.clock.now()),
    minVersion: minVersionOf('minVersion', members.minVersion, destination),
    orderingKey: orderingKeyOf('orderingKey', members.orderingKey, destination),
    topic,
    priority: priorityOf('priority', members.priority),
    payload: bytes,
  } satisfies SubmitRequest;
  return { request, destination };
}
