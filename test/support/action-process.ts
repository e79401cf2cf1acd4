import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { v7 } from 'uuid';
import { DynamoDbActionStore } from '../../lib/aws/dynamodb-action-store.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { PermanentError } from '../../lib/core/base/errors.ts';
import { Deadline } from '../../lib/core/engine/deadline.ts';
import { Engine } from '../../lib/core/engine/engine.ts';
import { type RehearsalParts, rehearse } from '../../lib/core/engine/rehearsal.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { ActionRunner } from '../../lib/core/operations/action-runner.ts';
import { Actions } from '../../lib/core/operations/actions.ts';
import type { SubmissionQueue } from '../../lib/core/ports/message-sink.ts';
import type { Rehearser } from '../../lib/core/ports/rehearser.ts';
import { defineProcessor } from '../../lib/core/processor/handler.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { DeployedActionTargets, type HandlingParts } from '../../lib/lambda/actions/deployed-targets.ts';
import { MemoryOutputQueue } from '../../lib/stores/memory/output-queue.ts';
import { MemoryPayloadStore } from '../../lib/stores/memory/payload-store.ts';
import { CollectingLogger } from '../../lib/testing/collecting-logger.ts';
import { EngineHarness } from './engine-harness.ts';

/** What {@link actionProcess} works with. */
export interface ActionProcessParts extends Pick<HandlingParts, 'deadLetters' | 'input' | 'stop'> {
  readonly dynamodb: DynamoDBClient;
  /** The table of request records. */
  readonly table: string;
  /** Takes new requests. */
  readonly queue: SubmissionQueue;
  readonly canRehearse: boolean;
  /** The keys of metadata that records keep. */
  readonly recordMetadata: readonly string[];
}

/** The parts of a process that runs actions, as the function of a deployed service wires them. */
export function actionProcess({
  dynamodb,
  table,
  queue,
  canRehearse,
  recordMetadata,
  ...queues
}: ActionProcessParts) {
  const clock = Date;
  const logger = new CollectingLogger();
  const newId = (at: number) => v7({ msecs: at });
  const records = new RequestRecords(new DynamoDbRecordStore(dynamodb, table), Date.now, 30, recordMetadata);
  const store = new DynamoDbActionStore({ client: dynamodb, table, random: Math.random }, 30);
  const submissions = new Submissions(
    {
      records,
      keys: new DynamoDbIdempotencyKeys(dynamodb, table),
      queue,
      store: new MemoryPayloadStore(),
      logger,
      clock,
      newId,
    },
    {
      payloadPrefix: 'payloads/',
      inlineLimitBytes: 100_000,
      maxPayloadBytes: 1_000_000,
      maxJsonDepth: 100,
    },
  );
  const targets = new DeployedActionTargets({
    ...queues,
    store,
    records,
    index: new DynamoDbRecordIndex(dynamodb, table, clock),
    submissions,
    leave: async () => {},
    canRehearse,
    rehearser: inProcess(dynamodb, table, logger),
    clock,
  });
  const actions = new Actions({ store, targets, clock, logger, recordMetadata, newId });
  const runner = new ActionRunner({ store, targets, clock, logger });
  return { records, submissions, actions, store, targets, runner };
}

/** Rehearses in this process, on a processor that fails for one tenant. */
function inProcess(
  dynamodb: DynamoDBClient,
  table: string,
  logger: CollectingLogger,
): Pick<Rehearser, 'rehearse'> {
  const processor = defineProcessor(async (request) => {
    if (request.tenant === 'acme') throw new PermanentError('Not for them', { code: 'not_for_them' });
  });
  const { settings, random } = new EngineHarness(processor);
  const parts: RehearsalParts = {
    settings,
    ports: {
      clock: Date,
      random: random.next,
      logger,
      store: new MemoryPayloadStore(),
      records: new DynamoDbRecordStore(dynamodb, table),
      output: new MemoryOutputQueue(),
    },
    source: { maxDelaySeconds: 43_200, ordered: false, countsDeliveries: true, maxBytes: 1_048_576 },
    newEngine: (...given) => new Engine(processor, ...given),
  };
  return {
    rehearse: async (messages, signal) => {
      signal.throwIfAborted();
      using deadline = new Deadline(Date.now(), Date.now() + 60_000);
      return await rehearse(messages, parts, deadline);
    },
  };
}
