import { readTraceContext } from '../base/traceparent.ts';
import { LABEL_NAMES } from '../config/label-names.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import { isPriority } from '../model/priority.ts';
import type { QueueMessage } from '../model/received-message.ts';
import { readOptionalMinVersion, readOptionalTopic, readTimes } from './fields.ts';

/** The message attributes that have a meaning. All others are passed on as metadata. */
export const ATTRIBUTES = {
  ...LABEL_NAMES,
  requestId: 'RequestId',
  requestSource: 'RequestSource',
  contentType: 'ContentType',
  callbackUrl: 'CallbackUrl',
  notBefore: 'NotBefore',
  expiresAt: 'ExpiresAt',
  minVersion: 'MinVersion',
  orderingKey: 'OrderingKey',
  priority: 'Priority',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  extendedPayloadSize: 'ExtendedPayloadSize',
  legacyPayloadSize: 'SQSLargePayloadSize',
  deadLetterRedrives: 'DeadLetterRedrives',
  deadLetterCode: 'DeadLetterCode',
  deadLetterAttempts: 'DeadLetterAttempts',
  deadLetterSubmittedAt: 'DeadLetterSubmittedAt',
  deadLetterDetail: 'DeadLetterDetail',
} as const;

const OWN_ATTRIBUTES = new Set<string>(Object.values(ATTRIBUTES));

/** Reads the request's properties from a message's attributes. The id defaults to the message's id. */
export function attributesOf({ id, attributes }: QueueMessage): Omit<DecodedRequest, 'payload'> {
  const priority = attributes[ATTRIBUTES.priority];
  // Messages may have had an attribute of this name before it got a meaning.
  const isForeign = priority !== undefined && !isPriority(priority);
  return {
    id: attributes[ATTRIBUTES.requestId] ?? id,
    source: '',
    contentType: attributes[ATTRIBUTES.contentType],
    metadata: Object.fromEntries(
      Object.entries(attributes).filter(
        ([name]) => !OWN_ATTRIBUTES.has(name) || (isForeign && name === ATTRIBUTES.priority),
      ),
    ),
    tenant: attributes[ATTRIBUTES.tenant],
    ...readTraceContext(attributes),
    callbackUrl: attributes[ATTRIBUTES.callbackUrl],
    ...readTimes(
      'message attribute',
      [ATTRIBUTES.notBefore, attributes[ATTRIBUTES.notBefore]],
      [ATTRIBUTES.expiresAt, attributes[ATTRIBUTES.expiresAt]],
    ),
    minVersion: readOptionalMinVersion(
      'message attribute',
      ATTRIBUTES.minVersion,
      attributes[ATTRIBUTES.minVersion],
    ),
    topic: readOptionalTopic('message attribute', ATTRIBUTES.topic, attributes[ATTRIBUTES.topic]),
    priority: isForeign ? undefined : priority,
  };
}
