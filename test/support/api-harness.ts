import type { Context, Hono } from 'hono';
import { v7 } from 'uuid';
import { type ApiAccess, type ApiExtension, createApi } from '../../lib/api/app.ts';
import type { ApiEnv, ApiParts, Caller } from '../../lib/api/context.ts';
import type { Destination } from '../../lib/api/destination.ts';
import { hasOrder } from '../../lib/core/config/min-version.ts';
import {
  DEFAULT_PAYLOAD_PREFIX,
  DEFAULT_UPLOAD_PREFIX,
  NUMBER_SETTINGS,
} from '../../lib/core/config/settings.ts';
import { Forecaster } from '../../lib/core/intake/forecast/forecaster.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { Uploads } from '../../lib/core/intake/uploads.ts';
import { LiveLimits } from '../../lib/core/limits/live-limits.ts';
import type { DecodedRequest } from '../../lib/core/model/decoded-request.ts';
import type { Priority } from '../../lib/core/model/priority.ts';
import { type ReceiptSigner, receiptSigner } from '../../lib/core/model/receipt.ts';
import { FailureGroups } from '../../lib/core/operations/failure-groups.ts';
import { ServicePause } from '../../lib/core/operations/service-pause.ts';
import type {
  Admission,
  AdmissionDecision,
  AdmissionState,
  LoadFigures,
  MeasuredWork,
  Submitter,
} from '../../lib/core/ports/admission.ts';
import type { ServiceAlarm } from '../../lib/core/ports/alarms.ts';
import type { Ledger, LedgerReader } from '../../lib/core/ports/ledger.ts';
import type { ReceiptSigners } from '../../lib/core/ports/receipts.ts';
import type { RecordStore } from '../../lib/core/ports/record-store.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { WebhookEndpoints } from '../../lib/core/webhooks/endpoints.ts';
import { decode } from '../../lib/core/wire/decode.ts';
import { MemoryFailureIndex } from '../../lib/stores/memory/failure-index.ts';
import { Faults } from '../../lib/stores/memory/faults.ts';
import { MemoryIdempotencyKeys } from '../../lib/stores/memory/idempotency-keys.ts';
import type { MemoryMessage } from '../../lib/stores/memory/input-queue.ts';
import { MemoryLimitStore } from '../../lib/stores/memory/limit-store.ts';
import { MemoryOperatorPauses } from '../../lib/stores/memory/operator-pauses.ts';
import { MemoryRecordIndex } from '../../lib/stores/memory/record-index.ts';
import { MemorySubmissionQueue } from '../../lib/stores/memory/submission-queue.ts';
import { MemoryWebhookEndpoints } from '../../lib/stores/memory/webhook-endpoints.ts';
import { MemoryWebhookQueue } from '../../lib/stores/memory/webhook-queue.ts';
import { delivery } from './delivery.ts';
import { EngineHarness, type HarnessOptions } from './engine-harness.ts';
import { MemoryClientTransfers } from './memory-client-transfers.ts';
import { MemoryHeldCalls } from './memory-held-calls.ts';
import { SERVICE_SECRET } from './webhook-endpoints.ts';

/** The header with the tenant of a test's call. */
const TENANT_HEADER = 'test-tenant';

/** An admission with a decision set by the test. */
export class SetAdmission implements Admission {
  readonly faults = new Faults<'decide' | 'state'>();
  readonly applicants: Submitter[] = [];
  load: LoadFigures = {};
  work: MeasuredWork | undefined;
  oldestSentAt: number | undefined;
  decision: AdmissionDecision = { admitted: true, load: { maxWaitSeconds: 900, backlog: 0 } };

  decide(submitter: Submitter): Promise<AdmissionDecision> {
    return this.faults.around('decide', () => {
      this.applicants.push(submitter);
      return this.decision;
    });
  }

  async figures(): Promise<LoadFigures> {
    return this.load;
  }

  state(): Promise<AdmissionState> {
    const { load, admitted } = this.decision;
    return this.faults.around('state', () => ({
      load,
      work: this.work,
      accepting: admitted,
      pause: this.load.pause,
      oldestSentAt: this.oldestSentAt,
    }));
  }
}

/** A ledger that the test sets. */
export class SetLedger implements LedgerReader {
  readonly faults = new Faults<'read'>();
  latest: Ledger | undefined;

  read(): Promise<Ledger | undefined> {
    return this.faults.around('read', () => this.latest);
  }
}

/** The signer of receipts. */
export class SetSigners implements ReceiptSigners {
  readonly faults = new Faults<'read'>();
  readonly signer = receiptSigner(new Uint8Array(32).fill(7));

  read(): Promise<ReceiptSigner> {
    return this.faults.around('read', () => this.signer);
  }
}

/** Options of an API harness. */
export interface ApiHarnessOptions extends HarnessOptions, Partial<ApiAccess> {
  /** The API's record store, if it differs from the engine's. */
  readonly recordStore?: RecordStore;
  /** Whether the API can read its queue, as it can in a file. @default false */
  readonly readsQueue?: boolean;
  /** Whether the queue keeps order. @default false */
  readonly ordered?: boolean;
  /** How long the queue can delay a message, in seconds. @default - for ever */
  readonly maxDelaySeconds?: number;
  /** The priorities that have a lane. @default - only normal */
  readonly priorities?: readonly Priority[];
  /** The destinations of other processors. @default - none */
  readonly others?: readonly Destination[];
  /** Whether there are webhook endpoints. @default true */
  readonly endpoints?: boolean;
  /** Whether it gives receipts. @default true */
  readonly receipts?: boolean;
  /** Whether operators can pause processing. @default true */
  readonly pausable?: boolean;
  /** Routes that only some hosts have. @default - none */
  readonly extensions?: (parts: ApiParts) => readonly ApiExtension[];
}

/** The API and an engine on the same ports, all in memory. Time passes only while a call waits. */
export class ApiHarness {
  readonly harness: EngineHarness;
  readonly queue = new MemorySubmissionQueue();
  readonly keys = new MemoryIdempotencyKeys();
  readonly transfers = new MemoryClientTransfers();
  readonly admission = new SetAdmission();
  readonly webhookQueue = new MemoryWebhookQueue();
  readonly endpointStore = new MemoryWebhookEndpoints();
  readonly ledger = new SetLedger();
  readonly receipts = new SetSigners();
  readonly records: RequestRecords;
  readonly heldCalls = new MemoryHeldCalls();
  readonly index: MemoryRecordIndex;
  readonly failureIndex: MemoryFailureIndex;
  readonly limitStore = new MemoryLimitStore();
  readonly alarms = { read: async (): Promise<readonly ServiceAlarm[]> => [] };
  readonly operatorPauses = new MemoryOperatorPauses();
  readonly submissions: Submissions;
  readonly app: Hono<ApiEnv>;
  /** Called after each wait of a call. */
  onWait: () => Promise<unknown> = async () => {};
  #delivered = 0;

  /** @param handler the handler that the engine runs for delivered messages */
  constructor(handler: Handler = async () => 'done', options: ApiHarnessOptions = {}) {
    const {
      recordStore,
      readsQueue = false,
      ordered = false,
      maxDelaySeconds = Number.POSITIVE_INFINITY,
      priorities,
      others = [],
      endpoints = true,
      receipts = true,
      pausable = true,
      extensions = () => [],
      auth = 'none',
      callerOf = tenantSaid,
      ...engineOptions
    } = options;
    this.queue.ordered = ordered;
    this.queue.maxDelaySeconds = maxDelaySeconds;
    this.queue.priorities = priorities;
    const ports = { limits: this.limitStore, ...engineOptions.ports };
    this.harness = new EngineHarness(handler, { ...engineOptions, ports });
    const { clock, store, logger, settings } = this.harness;
    const { recordAgeDays, recordMetadata, inlineLimitBytes, maxPayloadBytes, maxJsonDepth } = settings;
    this.records = new RequestRecords(
      recordStore ?? this.harness.records,
      clock.now,
      recordAgeDays,
      recordMetadata,
    );
    this.index = new MemoryRecordIndex(this.harness.records, clock.now);
    this.failureIndex = new MemoryFailureIndex(this.harness.records);
    const { records, keys, queue, transfers, index, admission } = this;
    const newId = (at: number) => v7({ msecs: at });
    this.submissions = new Submissions(
      { records, keys, queue, store, logger, clock, newId },
      { payloadPrefix: DEFAULT_PAYLOAD_PREFIX, inlineLimitBytes, maxPayloadBytes, maxJsonDepth },
    );
    const parts: ApiParts = {
      destinations: [
        {
          topics: settings.topics,
          submissions: this.submissions,
          admission,
          forecaster: new Forecaster({
            admission,
            limits: settings.limits,
            limitStore: this.limitStore,
            logger,
            clock,
          }),
          acceptsMinVersion: hasOrder(settings.handlerVersion),
          keepsOrder: queue.ordered,
          maxUploadDelaySeconds: queue.maxDelaySeconds,
          uploadPriorities: queue.priorities,
        },
        ...others,
      ],
      uploads: new Uploads(
        { records, transfers, clock, newId },
        { uploadPrefix: DEFAULT_UPLOAD_PREFIX, maxPayloadBytes },
      ),
      records,
      index,
      failures: new FailureGroups(this.failureIndex, clock),
      transfers,
      messages: readsQueue
        ? { find: async (_, matches) => this.#requestsInQueue().find(matches) }
        : undefined,
      store,
      payloadSources: settings.claimCheckSources,
      limits: new LiveLimits(settings.limits, this.limitStore, clock, Math.random),
      settings: [],
      alarms: this.alarms,
      pause: pausable ? new ServicePause({ pauses: this.operatorPauses, clock, logger }) : undefined,
      heldCalls: this.heldCalls,
      logger,
      clock: { now: clock.now, sleep: (milliseconds) => this.#wait(milliseconds) },
      resultAgeDays: NUMBER_SETTINGS.resultAgeDays.default,
      recordMetadata,
      webhookRules: settings,
      webhookQueue: this.webhookQueue,
      webhookEndpoints: endpoints
        ? new WebhookEndpoints({
            store: this.endpointStore,
            secrets: { read: async () => [SERVICE_SECRET] },
            queue: this.webhookQueue,
            index,
            rules: settings,
            serviceName: settings.serviceName,
            clock,
            newId,
          })
        : undefined,
      ledger: this.ledger,
      ...(receipts && { receipts: this.receipts }),
      serviceName: settings.serviceName,
    };
    this.app = createApi(parts, { auth, callerOf }, extensions(parts));
  }

  /** Calls the API. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const { tenant, json, body = json === undefined ? undefined : JSON.stringify(json), headers } = options;
    return this.app.request(path, {
      method,
      body,
      headers: {
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(tenant === undefined ? {} : { [TENANT_HEADER]: tenant }),
        ...headers,
      },
    });
  }

  /** Delivers the messages that are new in the queue. @returns the number of messages */
  async deliver(): Promise<number> {
    const sent = this.queue.sent.slice(this.#delivered);
    this.#delivered += sent.length;
    await this.harness.process(sent.map(({ message }) => this.deliveryOf(message)));
    return sent.length;
  }

  /** A message of the queue as a delivery. */
  deliveryOf(message: string): MemoryMessage {
    return delivery(message, { id: crypto.randomUUID() });
  }

  #requestsInQueue(): DecodedRequest[] {
    return this.queue.sent
      .flatMap(({ message }) => decode(this.deliveryOf(message), this.harness.settings))
      .filter((each) => 'metadata' in each);
  }

  async #wait(milliseconds: number): Promise<void> {
    this.harness.clock.advanceSeconds(milliseconds / 1000);
    await this.onWait();
  }
}

/** Accepts every caller, with the tenant in its header. One without a tenant is an operator. */
function tenantSaid(c: Context): Caller {
  const tenant = c.req.header(TENANT_HEADER);
  return { tenant, isOperator: tenant === undefined };
}

/** Options of an API call. */
export interface CallOptions {
  readonly tenant?: string;
  readonly body?: string | Uint8Array<ArrayBuffer>;
  /** A JSON body, instead of `body`. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
