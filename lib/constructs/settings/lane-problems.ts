import type { AsyncServiceProps } from '../async-service-props.ts';

/** Problems with queues for other priorities than normal, except numbers out of range. */
export function laneProblems({ queue, order, host }: AsyncServiceProps): string[] {
  if (!queue?.lanes) return [];
  return [
    ...(order === undefined
      ? []
      : [
          `queue.lanes must not be set with order: '${order}', got both: requests of another priority would overtake`,
        ]),
    ...(host?.fargate
      ? ['queue.lanes must not be set on Fargate, got both: tasks are scaled by one queue. Use Host.lambda()']
      : []),
    ...(queue.queue
      ? [
          `queue.lanes must not be set with an existing queue.queue, got ${queue.queue.node.path}: leave one of them out`,
        ]
      : []),
  ];
}
