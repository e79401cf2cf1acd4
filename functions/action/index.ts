/**
 * Does the steps of actions on many requests, when their timers fire.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { v7 } from 'uuid';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbActionStore } from '../../lib/aws/dynamodb-action-store.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbLimitStore } from '../../lib/aws/dynamodb-limit-store.ts';
import { DynamoDbRecordIndex } from '../../lib/aws/dynamodb-record-index.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { LanedSender } from '../../lib/aws/laned-sender.ts';
import { lazyFunctionRehearser } from '../../lib/aws/lazy-function-rehearser.ts';
import { lazyRunningMinuteTimers } from '../../lib/aws/lazy-minute-timers.ts';
import { lazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import { DeadLetterQueue } from '../../lib/aws/sqs-dead-letter-queue.ts';
import { SqsSender } from '../../lib/aws/sqs-sender.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { serializeError } from '../../lib/core/base/serialize-error.ts';
import { readActionEnvironment } from '../../lib/core/config/action-environment.ts';
import { lanedSubmissionQueue } from '../../lib/core/intake/laned-submission-queue.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { WaitingCap } from '../../lib/core/limits/waiting-cap.ts';
import { eachPriority } from '../../lib/core/model/priority.ts';
import { ActionRunner } from '../../lib/core/operations/action-runner.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { DeployedActionTargets } from '../../lib/lambda/actions/deployed-targets.ts';
import { timerKeyOf } from '../../lib/lambda/minute-timer-event.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';
import { lanesOf } from '../api/lanes.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/** A step takes seconds. What is left then is done when the timer fires again. */
const SPARE_MILLISECONDS = 60_000;

/** When a rehearsal is given up, before the end of the invocation: what was found is still stored. */
const STOP_MILLISECONDS = 20_000;

/** Longer than an invocation lives, and than the dead letters are hidden of one that died. */
const LEASE_MILLISECONDS = 16 * 60_000;

const powertools = createPowertools();
const environment = readActionEnvironment(process.env);
const { requestTable, recordAgeDays, recordMetadata, inputQueueUrl, deadLetterQueueUrl, payloadBucket } =
  environment;
const logger = new PowertoolsLogger(powertools);
const [dynamodb, sqs] = [recordClient(), queueClient()];
const clock = Date;
const lanes = lanesOf(environment);
const records = new RequestRecords(
  new DynamoDbRecordStore(dynamodb, requestTable),
  Date.now,
  recordAgeDays,
  recordMetadata,
);
const store = new DynamoDbActionStore(
  { client: dynamodb, table: requestTable, random: Math.random },
  recordAgeDays,
);
const cap = new WaitingCap({
  limits: environment.limits,
  store: new DynamoDbLimitStore(dynamodb, requestTable),
  now: Date.now,
  random: Math.random,
  backlog: async () => undefined,
});
const submissions = new Submissions(
  {
    records,
    keys: new DynamoDbIdempotencyKeys(dynamodb, requestTable),
    queue: lanes
      ? lanedSubmissionQueue(eachPriority((priority) => new SqsSubmissionQueue(sqs, lanes[priority])))
      : new SqsSubmissionQueue(sqs, inputQueueUrl),
    store: lazyPayloadStore(payloadBucket, 1),
    logger,
    clock,
    newId: (at) => v7({ msecs: at }),
  },
  environment,
);
/** A rehearsal of several messages may take as long as an invocation of the processor. */
const rehearsalMilliseconds = environment.timeoutSeconds * 1_000;
const { rehearsalFunctionArn } = environment;
const rehearser = rehearsalFunctionArn === '' ? undefined : lazyFunctionRehearser(rehearsalFunctionArn);
const timers = lazyRunningMinuteTimers(environment.scheduleGroup);

/** Handles the firing of a timer. */
export async function handler(event: unknown, context: Context): Promise<void> {
  powertools.addContext(context);
  const { id } = timerKeyOf(event);
  const remaining = () => context.getRemainingTimeInMillis();
  await using targets = openTargets(AbortSignal.timeout(Math.max(0, remaining() - STOP_MILLISECONDS)));
  const runner = new ActionRunner({ store, targets, clock, logger });
  const runs = await runner.runOne(id, {
    leaseMilliseconds: LEASE_MILLISECONDS,
    mayGoOn: (kind) => remaining() > SPARE_MILLISECONDS + (kind === 'rehearse' ? rehearsalMilliseconds : 0),
    sleep,
  });
  if (!runs) await timers.stop({ id });
}

function openTargets(stop: AbortSignal): DeployedActionTargets {
  return new DeployedActionTargets({
    store,
    records,
    index: new DynamoDbRecordIndex(dynamodb, requestTable, clock),
    deadLetters: () => new DeadLetterQueue(sqs, deadLetterQueueUrl),
    input: lanes
      ? new LanedSender(eachPriority((priority) => new SqsSender(sqs, lanes[priority])))
      : new SqsSender(sqs, inputQueueUrl),
    canRehearse: rehearser !== undefined,
    rehearser,
    stop,
    submissions,
    leave: async (request) => {
      try {
        await cap.leave(request);
      } catch (error) {
        logger.warn('A request still counts as waiting', { error: serializeError(error) });
      }
    },
    clock,
  });
}
