import { addedProcessors } from '../../lib/aws/added-processors.ts';
import { queueClient, recordClient } from '../../lib/aws/clients.ts';
import { DynamoDbBatchStore } from '../../lib/aws/dynamodb-batch-store.ts';
import { SqsSubmissionQueue } from '../../lib/aws/sqs-submission-queue.ts';
import type { ProcessorQueue } from '../../lib/core/config/processor-queues.ts';
import type { SubmittingEnvironment } from '../../lib/core/config/submitting-environment.ts';
import { Batches } from '../../lib/core/intake/batches.ts';
import { lanedSubmissionQueue } from '../../lib/core/intake/laned-submission-queue.ts';
import { type SubmissionPorts, Submissions } from '../../lib/core/intake/submissions.ts';
import { eachPriority, type Priority } from '../../lib/core/model/priority.ts';
import { closestOf } from '../../lib/core/model/topic.ts';
import type { MinuteTimers } from '../../lib/core/ports/minute-timers.ts';
import { type LaneUrls, lanesOf } from './lanes.ts';

/** What a function needs to know to add items to batches. */
export interface BatchIntakeSettings
  extends SubmittingEnvironment,
    LaneUrls,
    Pick<ProcessorQueue, 'acceptsMinVersion'> {}

/** The batches of a deployed service, for the functions that add items to them: the API, and the function that imports them. */
export function openBatches(
  settings: BatchIntakeSettings,
  taking: Omit<SubmissionPorts, 'queue'>,
  timers?: Pick<MinuteTimers, 'start'>,
) {
  const [dynamodb, sqs] = [recordClient(), queueClient()];
  // Nothing sends the items of a batch later than SQS can: EventBridge Scheduler would need a schedule for each.
  const queueAt = (url: string) => new SqsSubmissionQueue(sqs, url);
  const processorOf = (
    {
      topics,
      inputQueueUrl,
      acceptsMinVersion,
    }: Pick<BatchIntakeSettings, 'topics' | 'inputQueueUrl' | 'acceptsMinVersion'>,
    lanes?: Readonly<Record<Priority, string>>,
  ) => {
    const queue = lanes
      ? lanedSubmissionQueue(eachPriority((priority) => queueAt(lanes[priority])))
      : queueAt(inputQueueUrl);
    const submissions = new Submissions({ ...taking, queue }, settings);
    return { topics, acceptsMinVersion, keepsOrder: queue.ordered, queue, submissions };
  };
  const first = processorOf(settings, lanesOf(settings));
  const processors = [first, ...addedProcessors(settings).map((processor) => processorOf(processor))];
  /** The topics of items are checked when they are read. */
  const processorFor = (topic: string | undefined) => closestOf(processors, topic) ?? first;
  const store = new DynamoDbBatchStore({
    client: dynamodb,
    table: settings.requestTable,
    random: Math.random,
    queueFor: (topic) => processorFor(topic).queue,
  });
  const batches = new Batches({
    store,
    submissions: {
      prepare: (input, id, objectName) =>
        processorFor(input.topic).submissions.prepare(input, id, objectName),
    },
    ...(timers && { timers }),
    clock: taking.clock,
    newId: taking.newId,
  });
  return { batches, store, processors };
}
