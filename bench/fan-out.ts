/** AWS calls that bring outcomes to several queues, and their cost, counted where the SDK would send them. */

import { EventBridgeBus } from '../lib/aws/eventbridge-bus.ts';
import { putEventsBy } from '../lib/aws/eventbridge-client.ts';
import { SnsOutputTopic } from '../lib/aws/sns-output-topic.ts';
import { SqsOutputQueue } from '../lib/aws/sqs-output-queue.ts';
import { Engine } from '../lib/core/engine/engine.ts';
import type { OutputMessage, OutputQueue } from '../lib/core/ports/message-sink.ts';
import { DOLLARS_A_MILLION_CALLS } from '../lib/planner/prices.ts';
import { engineSettings } from '../test/support/settings.ts';
import { awsPorts, lambdaOn, QUEUE_URL } from './support/aws-ports.ts';
import { InProcessAws } from './support/in-process-aws.ts';
import { dollarsAMillion } from './support/price-of.ts';
import { type Report, runBenchmark } from './support/report.ts';
import { silentLogger } from './support/silent-logger.ts';
import { sqsEvent } from './support/sqs-event.ts';
import { sumOf } from './support/statistics.ts';

/** Messages of a batch whose outcomes are published together. */
const BATCHES = [10, 1];

/** Queues that receive every outcome, the output queue among them. */
const SUBSCRIBERS = [1, 3, 10];

/** Brings each outcome to a number of queues. */
type Way = (aws: InProcessAws, queues: number) => OutputQueue;

const TOPIC_ARN = 'arn:aws:sns:us-east-1:000000000000:outcomes';
const BUS_ARN = 'arn:aws:events:us-east-1:000000000000:event-bus/outcomes';

const WAYS: Readonly<Record<string, Way>> = {
  'SNS, a filter policy each': ({ topics }) => new SnsOutputTopic(topics, TOPIC_ARN),
  'EventBridge, a rule each': ({ events }) => {
    const bus = new EventBridgeBus(putEventsBy(events), BUS_ARN);
    const eventOf = ({ body }: OutputMessage) => ({ type: 'outcome', json: body, time: 0 });
    return {
      ...bus,
      sizeOf: (message) => bus.sizeOf(eventOf(message)),
      send: (messages) => bus.send(messages.map(eventOf)),
    };
  },
  'a send to each queue': ({ queues: client }, queues) => {
    const queue = new SqsOutputQueue(client, QUEUE_URL);
    return {
      ...queue,
      sizeOf: (message) => queue.sizeOf(message),
      send: async (messages) => {
        const results = await Promise.all(Array.from({ length: queues }, () => queue.send(messages)));
        return results[0] ?? [];
      },
    };
  },
};

await runBenchmark('AWS calls that bring outcomes to several queues', async (): Promise<Report> => {
  const rows = await Promise.all(
    SUBSCRIBERS.flatMap((queues) =>
      Object.entries(WAYS).map(async ([way, open]) => {
        const [together, alone] = await Promise.all(BATCHES.map((batch) => costOf(open, queues, batch)));
        return {
          queues,
          way,
          'calls a request, ten together': together?.calls ?? 0,
          'calls a request, alone': alone?.calls ?? 0,
          '$ a million, ten together': together?.dollars ?? 0,
          '$ a million, alone': alone?.dollars ?? 0,
        };
      }),
    ),
  );
  return {
    rows,
    notes: [
      'Calls of the processor that publish, for outcomes of less than 64 KiB in all, which every queue receives; us-east-1. Deliveries ' +
        'by SNS and EventBridge to queues are free. Consumers receive and delete, which costs the same in each way.',
    ],
  };
});

/** The calls that publish an outcome, and what they cost. */
async function costOf(open: Way, queues: number, batch: number) {
  const aws = new InProcessAws();
  const engine = new Engine({ handler: () => ({ done: true }) }, engineSettings(), {
    ...awsPorts(aws),
    output: open(aws, queues),
    logger: silentLogger,
    clock: Date,
    random: Math.random,
  });
  await lambdaOn(
    engine,
    aws,
  )(sqsEvent(Array.from({ length: batch }, (_, index) => JSON.stringify({ index }))));
  const publishing = new Map([...aws.calls].filter(([operation]) => /Batch$|Events$/.test(operation)));
  const calls = new Map([...publishing].filter(([operation]) => !operation.startsWith('EventBridge')));
  const events = publishing.has('EventBridge PutEvents') ? batch : 0;
  const dollars =
    dollarsAMillion(calls, { reads: 0, writes: 0 }) + events * DOLLARS_A_MILLION_CALLS['EventBridge event'];
  return { calls: sumOf([...publishing], ([, count]) => count) / batch, dollars: dollars / batch };
}
