import { v7 } from 'uuid';
import type { EngineSettings } from '../../lib/core/config/engine-settings.ts';
import { DEFAULT_PAYLOAD_PREFIX } from '../../lib/core/config/settings.ts';
import { Submissions, type SubmitRequest } from '../../lib/core/intake/submissions.ts';
import type { RequestRecord } from '../../lib/core/model/request-record.ts';
import type { ProcessorRequest } from '../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { MemoryIdempotencyKeys } from '../../lib/stores/memory/idempotency-keys.ts';
import { MemorySubmissionQueue } from '../../lib/stores/memory/submission-queue.ts';
import { delivery } from './delivery.ts';
import { EngineHarness } from './engine-harness.ts';

/** A call that accepting a request makes. */
export type TakingCall = 'take' | 'save' | 'send' | 'read' | 'write';

/** The fault of such a call; none by default. */
export type Around = <Value>(call: TakingCall, effect: () => Promise<Value>) => Promise<Value>;

/** Options of a service. */
export interface ServiceOptions {
  readonly around?: Around;
  readonly settings?: Partial<EngineSettings>;
  /** How long a stored payload is kept, in days. @default - as long as its message */
  readonly uploadAgeDays?: number;
}

/** A submission; of 5 bytes of text by default. */
export function submitRequest(given: Partial<SubmitRequest> = {}): SubmitRequest {
  return { payload: Buffer.from('hello'), contentType: 'text/plain', metadata: {}, ...given };
}

/**
 * Accepts requests and runs them, with every port in memory. The ports of the accepting side can fail; those of the
 * running side always work.
 */
export class SubmissionService {
  readonly harness: EngineHarness;
  readonly queue = new MemorySubmissionQueue();
  readonly submissions: Submissions;
  /** Every run of the handler. */
  readonly runs: { readonly id: string; readonly text: string; readonly tenant: string | undefined }[] = [];
  /** Messages that haven't been delivered yet. */
  readonly waiting: string[] = [];
  #seen = 0;

  constructor({ around = (_, effect) => effect(), settings = {}, uploadAgeDays }: ServiceOptions = {}) {
    this.harness = new EngineHarness((request) => this.#run(request), settings);
    const { clock, records, store, logger } = this.harness;
    const { recordAgeDays, recordMetadata, inlineLimitBytes, maxPayloadBytes, maxJsonDepth } =
      this.harness.settings;
    const keys = new MemoryIdempotencyKeys();
    const { queue } = this;
    const recordStore = {
      read: (...args: Parameters<typeof records.read>) => around('read', () => records.read(...args)),
      write: (...args: Parameters<typeof records.write>) => around('write', () => records.write(...args)),
    };
    this.submissions = new Submissions(
      {
        records: new RequestRecords(recordStore, clock.now, recordAgeDays, recordMetadata),
        keys: {
          find: (...args) => keys.find(...args),
          take: (...args) => around('take', () => keys.take(...args)),
        },
        queue: {
          maxBytes: queue.maxBytes,
          get maxDelaySeconds() {
            return queue.maxDelaySeconds;
          },
          ordered: queue.ordered,
          get priorities() {
            return queue.priorities;
          },
          canDelay: (message) => queue.canDelay(message),
          send: (...args) => around('send', () => queue.send(...args)),
        },
        store: {
          open: store.open.bind(store),
          versionOf: store.versionOf.bind(store),
          recall: store.recall.bind(store),
          copyForConsumer: store.copyForConsumer.bind(store),
          maxCopyBytes: store.maxCopyBytes,
          save: (...args) => around('save', () => store.save(...args)),
        },
        logger,
        clock,
        newId: (at) => v7({ msecs: at }),
      },
      {
        payloadPrefix: DEFAULT_PAYLOAD_PREFIX,
        inlineLimitBytes,
        maxPayloadBytes,
        maxJsonDepth,
        uploadAgeDays,
      },
    );
  }

  submit(given: Partial<SubmitRequest> = {}): Promise<RequestRecord> {
    return this.submissions.submit(submitRequest(given));
  }

  /** Delivers each waiting message `times` times. */
  async deliver(times = 1): Promise<void> {
    const messages = this.#arrived().splice(0);
    for (let time = 0; time < times; time++) {
      await this.harness.process(messages.map((body) => delivery(body, { id: crypto.randomUUID() })));
    }
  }

  /** Ids of requests that wait in the queue. */
  get inFlight(): string[] {
    return this.#arrived().map((message) => JSON.parse(message).id);
  }

  /** Ids of records whose request waits although no message will ever deliver it. */
  get stranded(): string[] {
    const queued = this.harness.records.all().filter(({ record }) => record.status === 'queued');
    const ids = queued.map(({ record }) => record.request.id);
    return ids.filter((id) => !this.inFlight.includes(id));
  }

  #arrived(): string[] {
    this.waiting.push(...this.queue.sent.slice(this.#seen).map(({ message }) => message));
    this.#seen = this.queue.sent.length;
    return this.waiting;
  }

  async #run(request: ProcessorRequest): Promise<string> {
    const { id, tenant } = request;
    this.runs.push({ id, text: await request.text(), tenant });
    return id;
  }
}
