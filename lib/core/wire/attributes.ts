import { readTraceContext } from '../base/traceparent.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { optionalTime } from './fields.ts';

/** The message attributes with a meaning; every other one is passed on as metadata. */
export const ATTRIBUTES = {
  requestId: 'RequestId',
  requestSource: 'RequestSource',
  contentType: 'ContentType',
  callbackUrl: 'CallbackUrl',
  tenant: 'Tenant',
  expiresAt: 'ExpiresAt',
  status: 'Status',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  extendedPayloadSize: 'ExtendedPayloadSize',
  legacyPayloadSize: 'SQSLargePayloadSize',
  deadLetterRedrives: 'DeadLetterRedrives',
  deadLetterCode: 'DeadLetterCode',
  deadLetterAttempts: 'DeadLetterAttempts',
  deadLetterHandedInAt: 'DeadLetterHandedInAt',
  deadLetterDetail: 'DeadLetterDetail',
} as const;

const OWN_ATTRIBUTES = new Set<string>(Object.values(ATTRIBUTES));

/** What a message's attributes say about its request; without a request id, the message's own id is it. */
export function attributesOf({ id, attributes }: QueueMessage): Omit<DecodedRequest, 'payload'> {
  return {
    id: attributes[ATTRIBUTES.requestId] ?? id,
    source: '',
    contentType: attributes[ATTRIBUTES.contentType],
    metadata: Object.fromEntries(Object.entries(attributes).filter(([name]) => !OWN_ATTRIBUTES.has(name))),
    tenant: attributes[ATTRIBUTES.tenant],
    ...readTraceContext(attributes),
    callbackUrl: attributes[ATTRIBUTES.callbackUrl],
    expiresAt: optionalTime('message attribute', ATTRIBUTES.expiresAt, attributes[ATTRIBUTES.expiresAt]),
  };
}
