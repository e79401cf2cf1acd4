import type { Submissions } from '../core/intake/submissions.ts';
import type { Uploads } from '../core/intake/uploads.ts';
import type { Admission } from '../core/ports/admission.ts';
import type { ClientTransfers } from '../core/ports/client-transfers.ts';
import type { Timer } from '../core/ports/clock.ts';
import type { RecordIndex } from '../core/ports/record-store.ts';
import type { HeldCalls, Logger } from '../core/ports/telemetry.ts';
import type { WebhookQueue } from '../core/ports/webhooks.ts';
import type { RequestRecords } from '../core/records/request-records.ts';
import type { WebhookRules } from '../core/webhooks/recipient.ts';

/** What the API works with. */
export interface ApiParts {
  readonly submissions: Submissions;
  readonly uploads: Uploads;
  readonly records: RequestRecords;
  readonly index: RecordIndex;
  readonly transfers: ClientTransfers;
  readonly admission: Admission;
  /** Counts the calls that are held, of all instances. */
  readonly heldCalls: HeldCalls;
  readonly logger: Logger;
  readonly clock: Timer;
  /** How long results are kept, in days. */
  readonly resultAgeDays: number;
  /** Who is told by webhook, and where callbacks may lead. */
  readonly webhookRules: WebhookRules;
  /** Where webhooks wait for their delivery, if there are any. */
  readonly webhookQueue?: WebhookQueue;
  /** Of the processor, too. */
  readonly serviceName: string;
}

/** Who makes a call, as whoever let them in says. */
export interface Caller {
  /** Whose requests they are; undefined where there are no tenants. */
  readonly tenant?: string;
}

/** What is known of a call before its route. */
export interface ApiEnv {
  readonly Variables: { caller: Caller };
}
