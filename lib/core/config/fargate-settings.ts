import type { DescribedNumberSetting } from './setting-meanings.ts';

/**
 * Longest time between SIGTERM and SIGKILL.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
 */
const ECS_MAX_STOP_SECONDS = 120;

/**
 * Most tasks of a service.
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
 */
const ECS_MAX_TASKS = 5_000;

/** The numbers of `Host.fargate()` by their names in code. */
export const FARGATE_NUMBERS = {
  concurrency: {
    prop: 'host.concurrency',
    meaning:
      'Maximum number of requests that a task handles at a time. Lower it for handlers that need much memory or CPU.',
    unit: 'requests',
    min: 1,
    max: 400,
    default: 10,
  },
  minTasks: {
    prop: 'host.minTasks',
    meaning:
      'Minimum number of tasks. With 0 the service scales to zero, and the first request then waits until a task has started.',
    unit: 'tasks',
    min: 0,
    max: ECS_MAX_TASKS,
    default: 0,
  },
  maxTasks: {
    prop: 'host.maxTasks',
    meaning: 'Maximum number of tasks. At least `host.minTasks`.',
    unit: 'tasks',
    min: 1,
    max: ECS_MAX_TASKS,
    default: 10,
    source: 'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html',
  },
  targetWaitSeconds: {
    prop: 'host.targetWait',
    meaning:
      'How soon the backlog should be done: there are as many tasks as that takes, up to `host.maxTasks`. A task needs 2 to 4 minutes to start.',
    unit: 'seconds',
    min: 60,
    max: 86_400,
    default: 300,
  },
  stopSeconds: {
    prop: 'host.stopTimeout',
    meaning:
      'How long a task may take to stop. Requests that are still running near the end are asked to stop and return to the queue.',
    unit: 'seconds',
    min: 10,
    max: ECS_MAX_STOP_SECONDS,
    default: ECS_MAX_STOP_SECONDS,
    source: 'https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html',
  },
} as const satisfies Record<string, DescribedNumberSetting>;

/** The name of a number of `Host.fargate()`. */
export type FargateNumberName = keyof typeof FARGATE_NUMBERS;

/** What remains of the time to stop when the grace time of the worker is over: it sends its last metrics and spans. */
export const STOP_RESERVE_SECONDS = 5;

/** The CPU units of a task, 1,024 a vCPU, by default. */
export const FARGATE_DEFAULT_CPU = 1_024;

/** The memory of a task in MiB by default. */
export const FARGATE_DEFAULT_MEMORY_MIB = 2_048;
