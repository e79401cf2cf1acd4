import { SQS_MAX_MESSAGE_BYTES } from '../../core/config/aws-limits.ts';
import type { Priority } from '../../core/model/priority.ts';
import type { SubmissionPlace, SubmissionQueue } from '../../core/ports/message-sink.ts';
import { Faults } from './faults.ts';
import { assertMessageText } from './message-text.ts';

/** What a submission queue was given. */
export interface SentSubmission {
  readonly message: string;
  readonly tenant: string | undefined;
  readonly place?: SubmissionPlace;
}

/** A queue in memory that is as strict as SQS: about sizes and characters. */
export class MemorySubmissionQueue implements SubmissionQueue {
  readonly maxBytes = SQS_MAX_MESSAGE_BYTES;
  maxDelaySeconds = Number.POSITIVE_INFINITY;
  ordered = false;
  priorities: readonly Priority[] | undefined;
  canDelay = (_message: string): boolean => true;
  readonly faults = new Faults<'send'>();
  /** What was sent. */
  readonly sent: SentSubmission[] = [];

  async send(message: string, tenant: string | undefined, place?: SubmissionPlace): Promise<void> {
    await this.faults.around('send', () => {
      assertMessageText(message);
      const size = Buffer.byteLength(message);
      if (size > this.maxBytes) throw new Error(`InvalidParameterValue: ${size} bytes`);
      this.sent.push({ message, tenant, ...(place && { place }) });
    });
  }
}
