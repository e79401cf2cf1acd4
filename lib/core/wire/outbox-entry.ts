import { EnvelopeMalformed } from '../base/errors.ts';
import { jsonValue } from '../base/json.ts';
import { isPriority, type Priority } from '../model/priority.ts';
import { readOptionalText } from './fields.ts';
import { isMessageText } from './message-text.ts';
import { isSubmission } from './submission.ts';

const ENVELOPE = 'outbox row';

/** What a row of an outbox says about its request. */
export interface OutboxEntry {
  /** The id of the request. */
  readonly id: string;
  /** The message that submits the request. */
  readonly message: string;
  readonly tenant: string | undefined;
  readonly topic: string | undefined;
  readonly priority: Priority | undefined;
  readonly orderingKey: string | undefined;
}

/**
 * Reads a row of an outbox, as `outboxRow` made it.
 * @throws EnvelopeMalformed if it submits no request
 */
export function readOutboxEntry({
  payload,
  aggregateid,
}: Readonly<Record<string, string | undefined>>): OutboxEntry {
  const event: unknown = payload === undefined ? undefined : jsonValue(payload);
  if (payload === undefined || !isSubmission(event) || !isMessageText(payload)) {
    throw new EnvelopeMalformed(ENVELOPE, 'payload must be the message that outboxRow() makes');
  }
  const { id } = event;
  if (typeof id !== 'string' || id === '') {
    throw new EnvelopeMalformed(ENVELOPE, 'the id of the payload must be text');
  }
  const priority = readOptionalText(ENVELOPE, event, 'priority');
  return {
    id,
    message: payload,
    tenant: readOptionalText(ENVELOPE, event, 'tenant'),
    topic: readOptionalText(ENVELOPE, event, 'topic'),
    priority: priority !== undefined && isPriority(priority) ? priority : undefined,
    orderingKey: aggregateid === id ? undefined : aggregateid,
  };
}
