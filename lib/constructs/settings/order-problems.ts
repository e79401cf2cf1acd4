import { Token } from 'aws-cdk-lib';
import { quote } from '../../core/base/quote.ts';
import { LAMBDA_MAX_BATCH_WITHOUT_WINDOW } from '../../core/config/aws-limits.ts';
import { ON_EXHAUSTED } from '../../core/config/settings.ts';
import type { AsyncServiceProps } from '../async-service-props.ts';
import { existingOutputQueue } from './output-queue.ts';

/** Whether requests with one ordering key run one after another. */
export function keepsOrder({ order }: AsyncServiceProps): boolean {
  return order !== undefined;
}

/** Problems with the order of requests. */
export function orderProblems(props: AsyncServiceProps): string[] {
  const { order, retry } = props;
  if (order === undefined) return [...unorderedProblems(props), ...unorderedOutputProblems(props)];
  const { onExhausted = ON_EXHAUSTED[0] } = retry ?? {};
  return [
    ...(order === 'fifo' ? [] : [`order must be 'fifo', got ${quote(order)}: leave it out for no order`]),
    ...(ON_EXHAUSTED.includes(onExhausted)
      ? []
      : [`retry.onExhausted must be one of ${ON_EXHAUSTED.join(', ')}, got ${quote(onExhausted)}`]),
    ...batchProblems(props),
    ...queueProblems(props),
  ];
}

function unorderedProblems({ retry }: AsyncServiceProps): string[] {
  if (retry?.onExhausted === undefined) return [];
  return [
    `retry.onExhausted needs order: 'fifo', got ${retry.onExhausted} without it: no request waits for another`,
  ];
}

function unorderedOutputProblems(props: AsyncServiceProps): string[] {
  const queue = existingOutputQueue(props);
  if (!queue?.fifo) return [];
  return [
    `output.queue must be a standard queue, got the FIFO queue ${queue.queueName}: a service sends to one only with order: 'fifo'`,
  ];
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html */
function batchProblems({ queue = {} }: AsyncServiceProps): string[] {
  const { batchSize = 1, batchWindow } = queue;
  const most = LAMBDA_MAX_BATCH_WITHOUT_WINDOW;
  return [
    ...(batchSize > most && !Token.isUnresolved(batchSize)
      ? [
          `queue.batchSize must be at most ${most} with order: 'fifo', got ${batchSize}: Lambda takes no more from a FIFO queue`,
        ]
      : []),
    ...(batchWindow
      ? [
          `queue.batchWindow must not be set with order: 'fifo', got ${batchWindow.toHumanString()}: Lambda has no batch window for FIFO queues`,
        ]
      : []),
  ];
}

function queueProblems(props: AsyncServiceProps): string[] {
  const queues = [
    ['queue.queue', props.queue?.queue],
    ['queue.deadLetterQueue', props.queue?.deadLetterQueue],
    ['output.queue', existingOutputQueue(props)],
  ] as const;
  return queues.flatMap(([path, queue]) =>
    queue && !queue.fifo
      ? [`${path} must be a FIFO queue with order: 'fifo', got the standard queue ${queue.node.path}`]
      : [],
  );
}
