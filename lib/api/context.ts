import type { ServiceSetting } from '../core/config/service-setting.ts';
import type { Uploads } from '../core/intake/uploads.ts';
import type { LiveLimits } from '../core/limits/live-limits.ts';
import type { FailureGroups } from '../core/operations/failure-groups.ts';
import type { ServicePause } from '../core/operations/service-pause.ts';
import type { AlarmSource } from '../core/ports/alarms.ts';
import type { ClientTransfers } from '../core/ports/client-transfers.ts';
import type { Timer } from '../core/ports/clock.ts';
import type { LedgerReader } from '../core/ports/ledger.ts';
import type { PayloadStore } from '../core/ports/payload-store.ts';
import type { ReceiptSigners } from '../core/ports/receipts.ts';
import type { RecordIndex } from '../core/ports/record-store.ts';
import type { RequestMessages } from '../core/ports/request-messages.ts';
import type { HeldCalls, Logger } from '../core/ports/telemetry.ts';
import type { WebhookQueue } from '../core/ports/webhooks.ts';
import type { RequestRecords } from '../core/records/request-records.ts';
import type { WebhookEndpoints } from '../core/webhooks/endpoints.ts';
import type { WebhookRules } from '../core/webhooks/recipient.ts';
import type { Destinations } from './destination.ts';

/** What the API depends on. */
export interface ApiParts {
  readonly destinations: Destinations;
  readonly uploads: Uploads;
  readonly records: RequestRecords;
  readonly index: RecordIndex;
  readonly failures: FailureGroups;
  readonly transfers: ClientTransfers;
  /** The messages of requests. @default - the host's queues give them to processors only */
  readonly messages?: RequestMessages;
  readonly store: Pick<PayloadStore, 'open'>;
  /** The places of stored payloads that the API gives out, as `assertAllowed` takes them. */
  readonly payloadSources: readonly string[];
  /** The limits of the processor of the first destination. */
  readonly limits: LiveLimits;
  /** In effect, for operators. */
  readonly settings: readonly ServiceSetting[];
  readonly alarms: AlarmSource;
  /** Pauses processing; undefined where nothing can. */
  readonly pause?: ServicePause;
  /** Limits how many calls all instances hold. */
  readonly heldCalls: HeldCalls;
  readonly logger: Logger;
  readonly clock: Timer;
  /** The keys of metadata that records keep. */
  readonly recordMetadata: readonly string[];
  /** How long results are kept, in days. */
  readonly resultAgeDays: number;
  /** Which events are sent as webhooks, and which URLs are allowed. */
  readonly webhookRules: WebhookRules;
  /** The webhook queue, if the service has webhooks. */
  readonly webhookQueue?: WebhookQueue;
  /** The webhook endpoints, if the service has them. */
  readonly webhookEndpoints?: WebhookEndpoints;
  /** Reads the ledger. @default - the service has none */
  readonly ledger?: LedgerReader;
  /** Signs receipts of what is accepted. @default - there are no receipts */
  readonly receipts?: ReceiptSigners;
  /** Of the processor, too. */
  readonly serviceName: string;
}

/** An authenticated caller. */
export interface Caller {
  /** The tenant that owns the caller's requests; undefined in a service without tenants. */
  readonly tenant?: string;
  /** Whether it may see what all callers sent, and act on many requests at once. */
  readonly isOperator: boolean;
  /** Names it in the log of operations; never a secret. @default - the host knows no callers */
  readonly name?: string;
}

/** The log line of a call of a route with `x-logged`: nothing secret, and of its body at most a name. */
export interface LoggedOperation {
  readonly operation: string;
  /** The thing that the call is about: the parameters of the path and the query, or its name. */
  readonly target: Readonly<Record<string, string>>;
}

/** Variables of a call. */
export interface ApiEnv {
  readonly Variables: {
    /** Set before a route runs. */
    caller: Caller;
    /** @default - the call isn't logged */
    logged?: LoggedOperation;
  };
}
