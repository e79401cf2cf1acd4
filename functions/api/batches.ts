import type { ApiExtension } from '../../lib/api/app.ts';
import { addBatchRoutes, BATCH_ROUTES } from '../../lib/api/batch-routes.ts';
import type { ApiParts } from '../../lib/api/context.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbBatchStore } from '../../lib/aws/dynamodb-batch-store.ts';
import { LazyBatchTimers } from '../../lib/aws/lazy-batch-timers.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import type { ApiEnvironment } from '../../lib/core/config/api-environment.ts';
import { Batches } from '../../lib/core/intake/batches.ts';
import { lanedSubmissionQueue } from '../../lib/core/intake/laned-submission-queue.ts';
import { type SubmissionPorts, Submissions } from '../../lib/core/intake/submissions.ts';
import { eachPriority, type Priority } from '../../lib/core/model/priority.ts';
import { closestOf } from '../../lib/core/model/topic.ts';
import { lanesOf } from './lanes.ts';

/** Results in a response: those that fit in one of 6 MB. */
const MAX_RESULTS = 1_000;

/** The routes of the batches. A module of its own, which is loaded only where there are any. */
export function batchRoutes(
  settings: ApiEnvironment,
  parts: ApiParts,
  taking: Omit<SubmissionPorts, 'queue'>,
): ApiExtension {
  const [dynamodb, sqs] = [recordClient(), queueClient()];
  const { requestTable, batchGroup, batchRole, batchFunctionArn } = settings;
  // Nothing sends the items of a batch later than SQS can: EventBridge Scheduler would need a schedule for each.
  const queueAt = (url: string) => new SqsSubmissionQueue(sqs, url);
  const processorOf = (
    topics: readonly string[],
    url: string,
    lanes?: Readonly<Record<Priority, string>>,
  ) => {
    const queue = lanes
      ? lanedSubmissionQueue(eachPriority((priority) => queueAt(lanes[priority])))
      : queueAt(url);
    return { topics, queue, submissions: new Submissions({ ...taking, queue }, settings) };
  };
  const first = processorOf(settings.topics, settings.inputQueueUrl, lanesOf(settings));
  const others = settings.otherProcessors.map(({ topics, inputQueueUrl }) =>
    processorOf(topics, inputQueueUrl),
  );
  /** The routes have checked that there is one. */
  const processorFor = (topic: string | undefined) => closestOf([first, ...others], topic) ?? first;
  const batches = new Batches({
    store: new DynamoDbBatchStore({
      client: dynamodb,
      table: requestTable,
      random: Math.random,
      queueFor: (topic) => processorFor(topic).queue,
    }),
    submissions: {
      prepare: (input, id, objectName) =>
        processorFor(input.topic).submissions.prepare(input, id, objectName),
    },
    timers: new LazyBatchTimers({
      scheduleGroup: batchGroup,
      scheduleRole: batchRole,
      functionArn: batchFunctionArn,
    }),
    clock: taking.clock,
    newId: taking.newId,
  });
  return {
    routes: BATCH_ROUTES,
    add: (app) => addBatchRoutes(app, batches, parts, { maxResults: MAX_RESULTS, manifests: true }),
  };
}
