import { v7 } from 'uuid';
import { PayloadEmpty } from '../core/base/errors.ts';
import { readTraceContext } from '../core/base/traceparent.ts';
import { NUMBER_SETTINGS } from '../core/config/settings.ts';
import { checkOptions } from '../core/config/shape.ts';
import { assertReadable } from '../core/intake/assert-readable.ts';
import { RequestReader, type ServiceSubmitOptions, SUBMIT_OPTIONS } from '../core/intake/request-reader.ts';
import { PRIORITIES } from '../core/model/priority.ts';
import { termsOf } from '../core/model/request-terms.ts';
import { encodeSubmission, SUBMISSION_TYPE, type Submission } from '../core/wire/submission.ts';

/** Options of a request in an outbox. A transaction commits it once: it needs no idempotency key. */
export interface OutboxOptions extends Omit<ServiceSubmitOptions, 'idempotencyKey' | 'orderingKey'> {
  /**
   * The requests of a key are relayed in the order in which they were inserted: 1 to 128 printable ASCII characters.
   * @default - the request has no order
   */
  readonly orderingKey?: string;
}

/**
 * A row of an outbox table: a request that is submitted once the transaction which inserts it is committed. The columns are those
 * of Debezium's outbox event router, in the order of `SQLITE_OUTBOX_INSERT`.
 * @see https://debezium.io/documentation/reference/stable/transformations/outbox-event-router.html
 */
export interface OutboxRow {
  /** The id of the request, a UUID: its ticket. */
  readonly id: string;
  /** The topic of the request, or `request`. Debezium names the Kafka topic after it. */
  readonly aggregatetype: string;
  /** The ordering key of the request, or its id. */
  readonly aggregateid: string;
  readonly type: typeof SUBMISSION_TYPE;
  /** The message that submits the request: a CloudEvent in JSON. */
  readonly payload: string;
  /** The trace of the request, as Java writes properties; null without one. */
  readonly tracingspancontext: string | null;
}

/** {@link OutboxRow.aggregatetype} of a request without a topic. */
const NO_TOPIC = 'request';

/** Accepts whatever some service accepts: which service it is, isn't known before the row is relayed. */
const READER = new RequestReader({
  queue: { ordered: true, priorities: PRIORITIES },
  callbacks: { callbacks: 'local', callbackPorts: [] },
});

/**
 * Makes the row of a request, to insert into the outbox table in the transaction that it belongs to.
 * @param payload text, bytes, or a value for JSON
 * @throws RequestRefused, CallbackRefused, PayloadEmpty for what no service takes; TypeError for a payload that JSON doesn't know,
 *   and for options of a wrong type
 */
export function outboxRow(payload: unknown, options: OutboxOptions = {}): OutboxRow {
  return rowOf(outboxSubmission(payload, checkOptions('outboxRow()', options, SUBMIT_OPTIONS)), options);
}

/** A request of an outbox with the bytes of its payload. */
export interface OutboxSubmission extends Submission {
  readonly payload: { readonly bytes: Uint8Array };
}

/**
 * Makes the submission of a request, with a new id.
 * @throws as {@link outboxRow}
 */
export function outboxSubmission(
  payload: unknown,
  { orderingKey, ...options }: OutboxOptions,
): OutboxSubmission {
  const ordered = { ...options, ...(orderingKey !== undefined && { orderingKey }) };
  const input = { ...READER.requestOf(payload, ordered), ...readTraceContext(options) };
  if (input.payload.byteLength === 0) throw new PayloadEmpty('of the request');
  assertReadable(input);
  const submittedAt = Date.now();
  const id = v7({ msecs: submittedAt });
  return {
    ...input,
    ...termsOf(input),
    id,
    source: '',
    submittedAt,
    payload: { bytes: input.payload },
  };
}

/** The row of a submission. */
export function rowOf(submission: Submission, { orderingKey }: OutboxOptions): OutboxRow {
  const { id, topic, traceparent } = submission;
  return {
    id,
    aggregatetype: topic ?? NO_TOPIC,
    aggregateid: orderingKey ?? id,
    type: SUBMISSION_TYPE,
    payload: encodeSubmission(submission, { maxJsonDepth: NUMBER_SETTINGS.maxJsonDepth.default }),
    tracingspancontext: traceparent === undefined ? null : `traceparent=${traceparent}`,
  };
}
