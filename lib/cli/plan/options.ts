import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Pollers } from '../../core/config/event-source-scaling.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import { chooseBatchSize } from '../../planner/batch-settings.ts';
import type { Surge } from '../../planner/surge.ts';
import { DEFAULT_KEPT_DAYS, type Workload } from '../../planner/workload.ts';
import { readAttempts, readCount, readDuration, readFactor, readRate, readSize } from '../quantities.ts';
import { readSetting } from '../read-setting.ts';
import { type ApiOptions, addApiOptions } from '../service-options.ts';

/** What describes the workload. Each may be given as an option. */
export interface WorkloadOptions {
  readonly rate?: number;
  readonly serviceTime?: number;
  readonly attempts?: number;
  readonly payload?: number;
  readonly memory?: number;
  readonly batchSize?: number;
  readonly concurrency?: number;
  readonly maxConcurrency?: number;
  readonly pollers?: Pollers;
}

/** Options of `plan`. */
export interface PlanOptions extends WorkloadOptions, ApiOptions {
  readonly fromService?: true;
  readonly result: number;
  readonly keep: number;
  readonly surge?: number;
  readonly surgeRequests?: number;
  readonly surgeTime?: number;
  readonly json?: true;
  readonly svg?: string;
}

/** Options without which there is no plan. */
const REQUIRED = {
  rate: '--rate <rate>',
  serviceTime: '--service-time <time>',
  attempts: '--attempts <n>',
  payload: '--payload <size>',
} as const;

/** What a service says about itself, in place of options. */
export interface Measured {
  readonly options: WorkloadOptions;
  /** Why it doesn't say more. */
  readonly unknown: Readonly<Partial<Record<keyof typeof REQUIRED, string>>>;
}

/** Without a service, requests succeed at once. */
const NOT_MEASURED: Measured = { options: { attempts: 1 }, unknown: {} };

const { memoryMiB, maxConcurrency } = NUMBER_SETTINGS;

/** Declares the options of `plan`. */
export function addPlanOptions(command: Command): Command {
  command
    .option(REQUIRED.rate, 'arrival rate of requests, for example 200/s or 1.5k/min', readRate)
    .option(REQUIRED.serviceTime, 'time that the handler takes for a request, for example 1.2s', readDuration)
    .option(REQUIRED.payload, 'payload size, for example 300KB', readSize)
    .option(
      '--from-service',
      'use the rate, service time and attempts that a service measures, and its settings',
    )
    .option(REQUIRED.attempts, 'attempts of a request on average, for example 1.2 (default: 1)', readAttempts)
    .addOption(sized('--result <size>', 'result size', 2_000, '2KB'))
    .option(
      '--memory <MiB>',
      `memory of the function (default: ${memoryMiB.default})`,
      readSetting('memoryMiB'),
    )
    .option('--batch-size <n>', 'messages in a batch (default: as many as fit)', readSetting('batchSize'))
    .option(
      '--concurrency <n>',
      'requests of a batch handled concurrently (default: all)',
      readSetting('concurrency'),
    )
    .option(
      '--max-concurrency <n>',
      `batches handled concurrently (default: ${maxConcurrency.default})`,
      readSetting('maxConcurrency'),
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
  return addApiOptions(command);
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

/**
 * The workload that the options describe.
 * @param measured by the service, if there is one; options win
 * @throws InvalidArgumentError if a figure is missing
 */
export function workloadOf(options: PlanOptions, measured: Measured = NOT_MEASURED): Workload {
  const all = { ...measured.options, ...options };
  const given = (name: keyof typeof REQUIRED): number => {
    const value = all[name];
    if (value !== undefined) return value;
    const reason = measured.unknown[name];
    throw new InvalidArgumentError(
      `required option '${REQUIRED[name]}' not specified${reason === undefined ? '' : `: ${reason}`}`,
    );
  };
  const { concurrency } = all;
  const common = {
    ratePerSecond: given('rate'),
    serviceSeconds: given('serviceTime'),
    attempts: given('attempts'),
    payloadBytes: given('payload'),
    resultBytes: options.result,
    memoryMiB: all.memory ?? memoryMiB.default,
    // One of the two options stands for both.
    ...eventSourceOf(options.pollers || options.maxConcurrency !== undefined ? options : measured.options),
    keptDays: options.keep,
  };
  const usual = concurrency === undefined ? chooseBatchSize(common) : NUMBER_SETTINGS.batchSize.default;
  const batchSize = all.batchSize ?? usual;
  return { ...common, batchSize, concurrency: Math.min(concurrency ?? batchSize, batchSize) };
}

function eventSourceOf({ pollers, maxConcurrency: most }: WorkloadOptions) {
  return pollers ? { pollers } : { maxConcurrency: most ?? maxConcurrency.default };
}

/**
 * The surge that the options describe, if any.
 * @throws InvalidArgumentError for options that don't go together
 */
export function surgeOf(
  { surge, surgeRequests, surgeTime, svg }: PlanOptions,
  rate: number,
): Surge | undefined {
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
