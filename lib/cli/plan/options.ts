import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Pollers } from '../../core/config/event-source-scaling.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { chooseBatchSize } from '../../planner/batch-settings.ts';
import type { Surge } from '../../planner/surge.ts';
import type { Workload } from '../../planner/workload.ts';
import { readCount, readDuration, readFactor, readRate, readSize } from '../quantities.ts';
import { readSetting } from '../read-setting.ts';

const DEFAULT_KEPT_DAYS =
  NUMBER_SETTINGS.uploadAgeDays.default + NUMBER_SETTINGS.replacedUploadAgeDays.default;

/** Options of `plan`. */
export interface PlanOptions {
  readonly rate: number;
  readonly serviceTime: number;
  readonly payload: number;
  readonly result: number;
  readonly memory: number;
  readonly keep: number;
  readonly batchSize?: number;
  readonly concurrency?: number;
  readonly maxConcurrency: number;
  readonly pollers?: Pollers;
  readonly surge?: number;
  readonly surgeRequests?: number;
  readonly surgeTime?: number;
  readonly json?: true;
  readonly svg?: string;
}

/** Declares the options of `plan`. */
export function addPlanOptions(command: Command): Command {
  return command
    .requiredOption('--rate <rate>', 'arrival rate of requests, for example 200/s or 1.5k/min', readRate)
    .requiredOption(
      '--service-time <time>',
      'time that the handler takes for a request, for example 1.2s',
      readDuration,
    )
    .requiredOption('--payload <size>', 'payload size, for example 300KB', readSize)
    .addOption(sized('--result <size>', 'result size', 2_000, '2KB'))
    .option(
      '--memory <MiB>',
      'memory of the function',
      readSetting('memoryMiB'),
      NUMBER_SETTINGS.memoryMiB.default,
    )
    .option('--batch-size <n>', 'messages in a batch (default: as many as fit)', readSetting('batchSize'))
    .option(
      '--concurrency <n>',
      'requests of a batch handled concurrently (default: all)',
      readSetting('concurrency'),
    )
    .option(
      '--max-concurrency <n>',
      'batches handled concurrently',
      readSetting('maxConcurrency'),
      NUMBER_SETTINGS.maxConcurrency.default,
    )
    .addOption(
      new Option('--pollers <min-max>', 'provisioned pollers, for example 2-50 (default: none)')
        .argParser(readPollers)
        .conflicts('maxConcurrency'),
    )
    .addOption(keepOption())
    .addOption(
      new Option('--surge <factor>', 'multiple of the rate during the surge, for example 10x').argParser(
        readFactor,
      ),
    )
    .addOption(
      new Option('--surge-requests <n>', 'additional requests of the surge, for example 100M')
        .argParser(readCount)
        .conflicts('surge'),
    )
    .option(
      '--surge-time <time>',
      'duration of the surge (default for --surge-requests: all at once)',
      readDuration,
    )
    .option('--svg <file>', 'draw the queue length during the surge into an SVG file')
    .option('--json', 'print JSON, with units in the names');
}

function readPollers(text: string): Pollers {
  const [, least = '', most = ''] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (least === '') throw new InvalidArgumentError('It must be the minimum and the maximum, like 2-50.');
  const pollers = { min: readSetting('minPollers')(least), max: readSetting('maxPollers')(most) };
  if (pollers.min > pollers.max) throw new InvalidArgumentError('The minimum must not be above the maximum.');
  return pollers;
}

function sized(flags: string, description: string, bytes: number, text: string): Option {
  return new Option(flags, description).argParser(readSize).default(bytes, text);
}

function keepOption(): Option {
  return new Option('--keep <time>', 'how long S3 keeps a payload')
    .argParser((text) => readDuration(text) / 86_400)
    .default(DEFAULT_KEPT_DAYS, `${DEFAULT_KEPT_DAYS}d`);
}

/** The workload that the options describe. */
export function workloadOf(options: PlanOptions): Workload {
  const { concurrency } = options;
  const common = {
    ratePerSecond: options.rate,
    serviceSeconds: options.serviceTime,
    payloadBytes: options.payload,
    resultBytes: options.result,
    memoryMiB: options.memory,
    ...(options.pollers ? { pollers: options.pollers } : { maxConcurrency: options.maxConcurrency }),
    keptDays: options.keep,
  };
  const usual = concurrency === undefined ? chooseBatchSize(common) : NUMBER_SETTINGS.batchSize.default;
  const batchSize = options.batchSize ?? usual;
  return { ...common, batchSize, concurrency: Math.min(concurrency ?? batchSize, batchSize) };
}

/**
 * The surge that the options describe, if any.
 * @throws InvalidArgumentError for options that don't go together
 */
export function surgeOf({ rate, surge, surgeRequests, surgeTime, svg }: PlanOptions): Surge | undefined {
  if (surgeRequests !== undefined) return { extraRequests: surgeRequests, seconds: surgeTime ?? 0 };
  if (surge !== undefined && surgeTime !== undefined) {
    return { extraRequests: Math.round((surge - 1) * rate * surgeTime), seconds: surgeTime };
  }
  if (surge !== undefined) {
    throw new InvalidArgumentError(
      '--surge needs --surge-time, the duration of the surge, for example 30min',
    );
  }
  const lonely = svg !== undefined ? '--svg' : surgeTime !== undefined ? '--surge-time' : undefined;
  if (lonely === undefined) return undefined;
  throw new InvalidArgumentError(`${lonely} needs a surge: --surge 10x or --surge-requests 100M`);
}
