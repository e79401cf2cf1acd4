import { PermanentError } from '../core/base/errors.ts';
import { BINARY_TYPE } from '../core/base/media-type.ts';
import { messageOf } from '../core/base/serialize-error.ts';
import { RequestRefused } from '../core/intake/errors.ts';
import type { Submissions } from '../core/intake/submissions.ts';
import { termsOf } from '../core/model/request-terms.ts';
import type { SubmissionQueue } from '../core/ports/message-sink.ts';
import type { RequestRecords } from '../core/records/request-records.ts';
import type { Publication } from '../core/wire/batch-publisher.ts';
import { encodeRelayed } from '../core/wire/relayed-message.ts';
import type { PublishRows } from '../outbox/outbox-source.ts';
import { publishEach } from '../outbox/publish-rows.ts';
import type { RowMessage } from '../outbox/row-message.ts';

/** The parts of a service that take rows of an outbox. */
export interface OutboxDestination {
  readonly submissions: Submissions;
  readonly queue: SubmissionQueue;
  readonly requests: RequestRecords;
}

/** Submits rows of an outbox. A row whose request is known, even if it has ended, changes nothing. */
export function publishToService(destination: OutboxDestination): PublishRows {
  return publishEach(destination.queue.ordered, async (row) => {
    try {
      return await submitRow(row, destination);
    } catch (error) {
      const refused = error instanceof RequestRefused || error instanceof PermanentError;
      return { published: false, refused, reason: messageOf(error) };
    }
  });
}

/** @throws as {@link Submissions.submit}, and any error of the file */
async function submitRow(
  { message, request, orderingKey }: RowMessage,
  { submissions, queue, requests }: OutboxDestination,
): Promise<Publication> {
  // A relay that died before it removed the row has submitted it.
  if (await requests.find(request)) return { published: true };
  const { id, payload, submittedAt, tenant, priority, metadata } = request;
  if (submittedAt !== undefined && 'inline' in payload) {
    const { contentType = BINARY_TYPE, contentEncoding, contentLanguage } = request;
    const content = { payload: Buffer.from(payload.inline), contentType, contentEncoding, contentLanguage };
    await submissions.submit({ ...termsOf(request), ...content, tenant, metadata, orderingKey }, id);
    return { published: true };
  }
  // The row of another library may have any envelope. The claim writes the record of its request.
  const body = encodeRelayed(message);
  const bytes = Buffer.byteLength(body);
  if (bytes > queue.maxBytes) {
    const reason = `the message is ${bytes} bytes; the queue's limit is ${queue.maxBytes}`;
    return { published: false, refused: true, reason };
  }
  await queue.send(body, tenant, { requestId: id, orderingKey, priority });
  return { published: true };
}
