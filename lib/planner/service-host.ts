import type { EventSourceLimits } from '../core/config/event-source-scaling.ts';
import type { NumberSettingName } from '../core/config/settings.ts';

/** A setting of a service in effect. */
export interface SettingInEffect {
  readonly name: string;
  readonly value?: unknown;
}

/** A function that handles requests in batches. */
export interface FunctionHost extends EventSourceLimits {
  readonly batchSize: number;
  readonly batchWindowSeconds: number;
  /** Requests of a batch handled at a time; absent for all. */
  readonly concurrency?: number;
  readonly memoryMiB: number;
}

/** The function that handles the requests of a service; undefined for other hosts. */
export function functionHost(settings: readonly SettingInEffect[]): FunctionHost | undefined {
  const number = (name: NumberSettingName) => numberIn(settings, name);
  const [batchSize, memoryMiB] = [number('batchSize'), number('memoryMiB')];
  if (batchSize === undefined || memoryMiB === undefined) return undefined;
  const [min, max] = [number('minPollers'), number('maxPollers')];
  return {
    batchSize,
    batchWindowSeconds: number('batchWindowSeconds') ?? 0,
    concurrency: number('concurrency'),
    memoryMiB,
    ...(min !== undefined && max !== undefined
      ? { pollers: { min, max } }
      : { maxConcurrency: number('maxConcurrency') }),
  };
}

/** Requests that a host without a function handles at a time: all tasks of Fargate, or one process; undefined if unknown. */
export function slotsOfHost(settings: readonly SettingInEffect[]): number | undefined {
  const concurrency = numberIn(settings, 'concurrency');
  return concurrency === undefined ? undefined : concurrency * (numberIn(settings, 'maxTasks') ?? 1);
}

function numberIn(settings: readonly SettingInEffect[], name: string): number | undefined {
  const value = settings.find((setting) => setting.name === name)?.value;
  return typeof value === 'number' ? value : undefined;
}
