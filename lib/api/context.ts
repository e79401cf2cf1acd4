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

/** What the API depends on. */
export interface ApiParts {
  readonly submissions: Submissions;
  readonly uploads: Uploads;
  readonly records: RequestRecords;
  readonly index: RecordIndex;
  readonly transfers: ClientTransfers;
  readonly admission: Admission;
  /** Limits how many calls all instances hold. */
  readonly heldCalls: HeldCalls;
  readonly logger: Logger;
  readonly clock: Timer;
  /** How long results are kept, in days. */
  readonly resultAgeDays: number;
  /** Whether the versions of the handler have an order, so that requests may ask for one. */
  readonly acceptsMinVersion: boolean;
  /** Whether requests with one ordering key run one after another. */
  readonly keepsOrder: boolean;
  /** Which events are sent as webhooks, and which URLs are allowed. */
  readonly webhookRules: WebhookRules;
  /** The webhook queue, if the service has webhooks. */
  readonly webhookQueue?: WebhookQueue;
  /** Of the processor, too. */
  readonly serviceName: string;
}

/** An authenticated caller. */
export interface Caller {
  /** The tenant that owns the caller's requests; undefined in a service without tenants. */
  readonly tenant?: string;
}

/** Variables that are set before a route runs. */
export interface ApiEnv {
  readonly Variables: { caller: Caller };
}
