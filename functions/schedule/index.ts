/**
 * Submits the requests of schedules, when their timers fire.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { v7 } from 'uuid';
import { addedProcessors } from '../../lib/aws/added-processors.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbIdempotencyKeys } from '../../lib/aws/dynamodb-idempotency-keys.ts';
import { DynamoDbRecordStore } from '../../lib/aws/dynamodb-record-store.ts';
import { DynamoDbScheduleStore } from '../../lib/aws/dynamodb-schedule-store.ts';
import { lazy } from '../../lib/aws/lazy.ts';
import { lazyPayloadStore } from '../../lib/aws/lazy-payload-store.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import { readScheduleEnvironment } from '../../lib/core/config/schedule-environment.ts';
import type { RoutingEnvironment } from '../../lib/core/config/submitting-environment.ts';
import { ScheduleFirings } from '../../lib/core/intake/schedule-firings.ts';
import { ScheduleRunner } from '../../lib/core/intake/schedule-runner.ts';
import { Submissions } from '../../lib/core/intake/submissions.ts';
import { closestOf } from '../../lib/core/model/topic.ts';
import type { ScheduleTimers } from '../../lib/core/ports/schedule-timers.ts';
import { RequestRecords } from '../../lib/core/records/request-records.ts';
import { createPowertools, PowertoolsLogger } from '../../lib/lambda/powertools-logger.ts';
import { timerOf } from '../../lib/lambda/schedule-event.ts';
import { mapStackTraces } from '../../lib/lambda/stack-traces.ts';

mapStackTraces(process.env.LAMBDA_TASK_ROOT);

/**
 * How late a run may be and still isn't missed. EventBridge Scheduler fires within a minute, and Lambda invokes a function that
 * failed again after a minute, and after two more.
 */
const PUNCTUAL_ON_AWS_MILLISECONDS = 300_000;

const powertools = createPowertools();
const environment = readScheduleEnvironment(process.env);
const logger = new PowertoolsLogger(powertools);
const [dynamodb, sqs] = [recordClient(), queueClient()];
const { requestTable, payloadBucket, scheduleGroup } = environment;
const records = new RequestRecords(
  new DynamoDbRecordStore(dynamodb, requestTable),
  Date.now,
  environment.recordAgeDays,
  environment.recordMetadata,
);
const first = destinationOf(environment);
const destinations = [first, ...addedProcessors(environment).map(destinationOf)];

/** Loads the client of EventBridge Scheduler when a timer is to be stopped, which is rare. */
const loadTimers = lazy(async () => {
  const [{ schedulerClient }, { RunningTimers }] = await Promise.all([
    import('../../lib/aws/scheduler-client.ts'),
    import('../../lib/aws/running-timers.ts'),
  ]);
  return new RunningTimers(schedulerClient(), scheduleGroup);
});

const timers: Pick<ScheduleTimers, 'stop'> = {
  stop: async (key, revision) => (await loadTimers()).stop(key, revision),
};
const store = new DynamoDbScheduleStore(dynamodb, requestTable);
const clock = { now: Date.now, sleep: (milliseconds: number) => sleep(milliseconds) };
const runner = new ScheduleRunner({
  store,
  submissionsFor,
  records,
  clock,
  logger,
  punctualMilliseconds: PUNCTUAL_ON_AWS_MILLISECONDS,
});
const firings = new ScheduleFirings({ store, timers, runner, clock, logger });

/** Handles the firing of a timer. If it throws, Lambda invokes it again, twice, and then keeps the event as a dead letter. */
export async function handler(event: unknown, context: Context): Promise<void> {
  powertools.addContext(context);
  await firings.fire(timerOf(event));
}

function destinationOf({ topics, inputQueueUrl }: Pick<RoutingEnvironment, 'topics' | 'inputQueueUrl'>) {
  const ports = {
    records,
    keys: new DynamoDbIdempotencyKeys(dynamodb, requestTable),
    queue: new SqsSubmissionQueue(sqs, inputQueueUrl),
    store: lazyPayloadStore(payloadBucket, 1),
    logger,
    clock: Date,
    newId: (at: number) => v7({ msecs: at }),
  };
  return { topics, submissions: new Submissions(ports, environment) };
}

/** If no processor is for the topic any more, the first one fails the request: so it has an outcome. */
function submissionsFor(topic: string | undefined): Submissions {
  return (closestOf(destinations, topic) ?? first).submissions;
}
