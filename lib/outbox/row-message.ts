import { EnvelopeMalformed, PayloadEmpty } from '../core/base/errors.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import type { RelayedMessage } from '../core/intake/relay.ts';
import type { DecodedRequest } from '../core/model/decoded-request.ts';
import { topicProblem } from '../core/model/topic.ts';
import { ATTRIBUTES } from '../core/wire/attributes.ts';
import { decode } from '../core/wire/decode.ts';
import { SUBMISSION_TYPE } from '../core/wire/submission.ts';
import type { StoredRow } from './outbox-source.ts';
import { traceOf } from './tracing-span-context.ts';

/** A row as the message that it is relayed as, and the request in it. */
export interface RowMessage {
  readonly message: RelayedMessage;
  readonly request: DecodedRequest;
  readonly orderingKey: string;
}

/**
 * Makes the message of a row. The payload of a row that `outboxRow` made is the request. Any other payload is decoded as that of
 * a message on a queue: its request has the row's id, the type of the aggregate as topic, and the type of the event as metadata.
 * @throws PermanentError if no service can take the row: it has no payload, breaks the rules of its envelope, or has another id
 */
export function rowMessage(row: StoredRow): RowMessage {
  const { id, aggregateid, type, payload } = row;
  if (payload.length === 0) throw new PayloadEmpty('of the row');
  const isOwn = type === SUBMISSION_TYPE;
  const message = {
    id,
    ...(typeof payload === 'string' ? { body: payload } : { body: '', bytes: payload }),
    attributes: {
      ...(isOwn ? {} : foreignAttributes(row)),
      [ATTRIBUTES.requestId]: id,
      [ATTRIBUTES.orderingKey]: aggregateid,
    },
  };
  const limits = { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default };
  const [request] = decode({ ...message, sentAt: 0 }, limits);
  if (!request) throw new EnvelopeMalformed('row', 'payload must be a request, got a test event of S3');
  if ('rejection' in request) throw request.rejection;
  // Of all messages, only that of a request says when it was submitted.
  if (isOwn && (request.id !== id || request.submittedAt === undefined)) {
    throw new EnvelopeMalformed('row', `payload must be the message of the request ${id}, as its type says`);
  }
  return { message, request, orderingKey: aggregateid };
}

/** What the columns of a row by another library say about its request. */
function foreignAttributes({ aggregatetype, type, tracingspancontext }: StoredRow): Record<string, string> {
  const isTopic = topicProblem(aggregatetype) === undefined;
  const attributes = { [isTopic ? ATTRIBUTES.topic : 'aggregatetype']: aggregatetype, type };
  // No attribute of a message in SQS may be empty.
  const filled = Object.entries(attributes).filter(([, value]) => value !== '');
  return { ...Object.fromEntries(filled), ...traceOf(tracingspancontext) };
}
