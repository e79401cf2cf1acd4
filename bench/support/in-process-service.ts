import type { Hono } from 'hono';
import { v7 } from 'uuid';
import { createApi } from '../../lib/api/app.ts';
import type { ApiEnv } from '../../lib/api/context.ts';
import { DynamoDbFailureIndex } from '../../lib/aws/dynamodb-failure-index.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbLimitStore } from '../../lib/aws/dynamodb-limit-store.ts';
import { DynamoDbLoadLog } from '../../lib/aws/dynamodb-load-log.ts';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { S3ClientTransfers } from '../../lib/aws/s3-client-transfers.ts';
import { SqsBacklogGauge } from '../../lib/aws/sqs-backlog-gauge.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import {
  DEFAULT_PAYLOAD_PREFIX,
  DEFAULT_UPLOAD_PREFIX,
  NUMBER_SETTINGS,
} from '../../lib/core/config/settings.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import { LoadAdmission } from '../../lib/core/intake/admission/load-admission.ts';
import { Forecaster } from '../../lib/core/intake/forecast/forecaster.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { Uploads } from '../../lib/core/intake/uploads.ts';
import { LiveLimits } from '../../lib/core/limits/live-limits.ts';
import { FailureGroups } from '../../lib/core/operations/failure-groups.ts';
import type { LoadLog } from '../../lib/core/ports/telemetry.ts';
import type { Handler } from '../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { engineSettings } from '../../test/support/settings.ts';
import { awsPorts, BUCKET, lambdaOn, QUEUE_URL, TABLE } from './aws-ports.ts';
import { InProcessAws } from './in-process-aws.ts';
import { InProcessTable } from './in-process-table.ts';
import { silentLogger } from './silent-logger.ts';
import { sqsEvent } from './sqs-event.ts';

/** An HTTP API and a processor on the real ports, with a simulated AWS. */
export class InProcessService {
  readonly table = new InProcessTable();
  readonly aws: InProcessAws;
  readonly load: LoadLog;
  readonly app: Hono<ApiEnv>;
  readonly #processor: ReturnType<typeof lambdaOn>;

  /** @param object content of every S3 object */
  constructor(handler: Handler, object?: Uint8Array) {
    this.aws = new InProcessAws({ object, table: this.table });
    const settings = engineSettings();
    const ports = { ...awsPorts(this.aws), logger: silentLogger, clock: Date, random: Math.random };
    const { queues, payloads, records: dynamodb } = this.aws;
    this.load = new DynamoDbLoadLog(dynamodb, TABLE);
    this.#processor = lambdaOn(new Engine({ handler }, settings, { ...ports, load: this.load }), this.aws);
    const records = new RequestRecords(ports.records, Date.now, settings.recordAgeDays);
    const newId = (at: number) => v7({ msecs: at });
    const transfers = new S3ClientTransfers(payloads, BUCKET);
    const taking = {
      ...ports,
      records,
      keys: new DynamoDbIdempotencyKeys(dynamodb, TABLE),
      queue: new SqsSubmissionQueue(queues, QUEUE_URL),
      newId,
    };
    const rules = {
      // Nothing is rejected, however much is submitted at once.
      maxWaitSeconds: NUMBER_SETTINGS.maxWaitSeconds.max,
      tenantSharePercent: NUMBER_SETTINGS.tenantSharePercent.default,
      timeoutSeconds: NUMBER_SETTINGS.timeoutSeconds.default,
      firstSlots: 50,
      reachableSlots: 50,
    };
    const uploadPrefix = DEFAULT_UPLOAD_PREFIX;
    const limitStore = new DynamoDbLimitStore(dynamodb, TABLE);
    const admission = new LoadAdmission(rules, {
      ...ports,
      gauge: new SqsBacklogGauge(queues, QUEUE_URL),
      log: this.load,
    });
    this.app = createApi(
      {
        destinations: [
          {
            topics: settings.topics,
            submissions: new Submissions(taking, { ...settings, payloadPrefix: DEFAULT_PAYLOAD_PREFIX }),
            admission,
            forecaster: new Forecaster({
              admission,
              limits: [],
              limitStore,
              logger: silentLogger,
              clock: Date,
            }),
            keepsOrder: false,
            maxUploadDelaySeconds: 0,
            acceptsMinVersion: false,
          },
        ],
        uploads: new Uploads({ records, transfers, clock: Date, newId }, { ...settings, uploadPrefix }),
        records,
        recordMetadata: [],
        index: new DynamoDbRecordIndex(dynamodb, TABLE, Date),
        failures: new FailureGroups(new DynamoDbFailureIndex(dynamodb, TABLE, Date), Date),
        transfers,
        store: taking.store,
        payloadSources: [],
        limits: new LiveLimits(settings.limits, limitStore, Date, Math.random),
        settings: [],
        alarms: { read: async () => [] },
        heldCalls: { mayHold: async () => true },
        logger: silentLogger,
        clock: { now: Date.now, sleep: async () => {} },
        resultAgeDays: NUMBER_SETTINGS.resultAgeDays.default,
        webhookRules: settings,
        serviceName: settings.serviceName,
      },
      { auth: 'none', callerOf: () => ({ isOperator: true }) },
    );
  }

  /** @throws Error for an answer of another status */
  async call(expected: number, method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.app.request(path, { method, ...init });
    if (response.status === expected) return response;
    throw new Error(`${method} ${path} is answered ${response.status}: ${await response.text()}`);
  }

  /** Passes the messages in the queue to the processor as one batch. */
  async deliver(): Promise<void> {
    const event = sqsEvent(this.aws.messages.splice(0));
    const { batchItemFailures } = await this.#processor(event);
    if (batchItemFailures.length > 0) throw new Error(`${batchItemFailures.length} messages failed`);
  }
}
