import { SQS_MAX_IN_FLIGHT_MESSAGES, SQS_MAX_MESSAGE_BYTES } from '../../core/config/aws-limits.ts';
import { NUMBER_SETTINGS } from '../../core/config/settings.ts';
import type { CostOfMillion } from '../../planner/cost.ts';
import type { Costs, Plan } from '../../planner/plan.ts';
import { POLLER_DOLLARS_A_DAY, pollersInUse } from '../../planner/provisioned.ts';
import type { SteadyState } from '../../planner/steady-state.ts';
import type { Arrivals } from '../../planner/traffic.ts';
import type { Workload } from '../../planner/workload.ts';
import {
  formatDollars,
  formatDuration,
  formatRate,
  formatSize,
  threeDigits,
} from '../../terminal/figures.ts';
import { formatCount, formatTable, wrapWords } from '../../terminal/format.ts';
import { outputWidth, styled } from '../../terminal/terminal.ts';
import { depthChart } from './chart.ts';

const INDENT = '  ';

const CHART = { columns: 64, rows: 8 };

const LEVEL_STYLES = { problem: 'red', caution: 'yellow', note: 'dim' } as const;

/** Prints a plan as text. */
export function printPlan(plan: Plan): void {
  const { arrivals } = plan;
  if (arrivals) {
    printSection(`Arrivals of the last ${formatDuration(arrivals.seconds)}`, arrivalLines(arrivals));
  }
  printSection('Concurrency', steadyLines(plan));
  printSection('Settings', settingsLines(plan));
  if (plan.surge) printSection('Surge', surgeLines(plan.surge, plan));
  printSection('Dollars a million requests', costLines(plan));
  if (plan.findings.every(({ level }) => level === 'note')) console.log(styled('green', 'It fits.'));
  for (const { level, text } of plan.findings) {
    for (const line of wrapWords(`${level}: ${text}`, outputWidth()))
      console.log(styled(LEVEL_STYLES[level], line));
  }
}

/** A table in a section. */
function sectionTable(rows: readonly (readonly string[])[], rightAligned?: readonly number[]): string[] {
  return formatTable(rows, rightAligned, outputWidth() - INDENT.length);
}

function printSection(title: string, lines: readonly string[]): void {
  console.log(styled('bold', title));
  for (const line of lines) console.log(`${INDENT}${line}`.trimEnd());
  console.log();
}

function arrivalLines({ submitted, meanPerSecond, peakPerSecond, peakAt, peakSeconds }: Arrivals): string[] {
  return sectionTable(
    [
      [
        'peak',
        formatRate(peakPerSecond),
        `for ${formatDuration(peakSeconds)} from ${peakAt}: the rate of this plan`,
      ],
      ['mean', formatRate(meanPerSecond), `${formatCount(submitted)} requests`],
    ],
    [1],
  );
}

function steadyLines({ workload, steady }: Plan): string[] {
  const { ratePerSecond, serviceSeconds, attempts, batchSize, concurrency } = workload;
  const { requestsAtOnce, batchesAtOnce, batchSeconds, maxBatches, utilisation, inFlight } = steady;
  const times = attempts === 1 ? '' : ` × ${threeDigits(attempts)} attempts`;
  const atOnce = concurrency < batchSize ? `${concurrency} at once` : 'all at once';
  return sectionTable(
    [
      [
        'requests at a time',
        threeDigits(requestsAtOnce),
        `${threeDigits(ratePerSecond)}/s × ${formatDuration(serviceSeconds)}${times} (Little's law)`,
      ],
      [
        'batches at a time',
        threeDigits(batchesAtOnce),
        `full ones of ${formatCount(batchSize)}, ${atOnce}, ${formatDuration(batchSeconds)} each`,
      ],
      [
        'in use',
        `${threeDigits(utilisation * 100)}%`,
        `of ${formatCount(maxBatches)} batches at a time (${steady.boundBy}), which do ${threeDigits(steady.maxRatePerSecond)}/s`,
      ],
      ['in flight', threeDigits(inFlight), `messages, of ${formatCount(SQS_MAX_IN_FLIGHT_MESSAGES)}`],
      ['mean wait', formatDuration(waitSeconds(steady)), waitOrigin(steady)],
    ],
    [1],
  );
}

function waitSeconds({ wait }: SteadyState): number {
  return wait.queueSeconds + wait.windowSeconds + wait.turnSeconds;
}

function waitOrigin({ wait }: SteadyState): string {
  if (!Number.isFinite(wait.queueSeconds)) return 'the queue grows';
  return [
    `${formatDuration(wait.queueSeconds)} for an instance`,
    `${formatDuration(wait.windowSeconds)} for the batch to fill`,
    `${formatDuration(wait.turnSeconds)} for its turn`,
  ].join(', ');
}

function settingsLines({ settings, workload }: Plan): string[] {
  return sectionTable([
    [NUMBER_SETTINGS.batchSize.prop, formatCount(settings.batchSize)],
    [NUMBER_SETTINGS.batchWindowSeconds.prop, formatDuration(settings.batchWindowSeconds)],
    [
      NUMBER_SETTINGS.concurrency.prop,
      workload.concurrency < workload.batchSize ? formatCount(workload.concurrency) : 'all',
    ],
    ...concurrencyRows(workload),
    [NUMBER_SETTINGS.memoryMiB.prop, formatCount(workload.memoryMiB)],
    [NUMBER_SETTINGS.timeoutSeconds.prop, `${formatCount(settings.timeoutSeconds)} s`],
    [NUMBER_SETTINGS.visibilityTimeoutSeconds.prop, `${formatCount(settings.visibilityTimeoutSeconds)} s`],
  ]);
}

function concurrencyRows({ pollers, maxConcurrency }: Workload): string[][] {
  if (pollers) return [['queue.pollers', `${formatCount(pollers.min)} to ${formatCount(pollers.max)}`]];
  if (maxConcurrency === undefined) return [];
  return [[NUMBER_SETTINGS.maxConcurrency.prop, formatCount(maxConcurrency)]];
}

function surgeLines(surge: NonNullable<Plan['surge']>, { steady, dollarsAMillion }: Plan): string[] {
  const { drainedSeconds, deepestWaiting, deepestSeconds, longestWaitSeconds, mostBatches, timeline } =
    surge.forecast;
  const { fullySecondsAfter } = surge.forecast;
  const full =
    fullySecondsAfter === undefined ? '' : `, all there are after ${formatDuration(fullySecondsAfter)}`;
  const table = sectionTable([
    [
      'comes',
      `${formatCount(surge.extraRequests)} more requests ${surge.seconds === 0 ? 'at once' : `within ${formatDuration(surge.seconds)}`}`,
    ],
    ['drained', drainedSeconds === undefined ? 'not in sight' : `after ${formatDuration(drainedSeconds)}`],
    ['most waiting', `${formatCount(deepestWaiting)}, after ${formatDuration(deepestSeconds)}`],
    ['longest wait', formatDuration(longestWaitSeconds)],
    ['most batches', `${formatCount(mostBatches)} of ${formatCount(steady.maxBatches)}${full}`],
    ['costs', surgeDollars(surge.extraRequests / 1_000_000, dollarsAMillion)],
  ]);
  const chart = depthChart(timeline, CHART).map((line) => styled('cyan', line));
  return [...table, '', 'waiting requests over time', ...chart];
}

/** Without the pollers, which are paid by the hour. */
function surgeDollars(millions: number, { s3, inline }: Costs): string {
  const dollars = ({ total, pollers }: CostOfMillion) => formatDollars(millions * (total - pollers));
  return inline ? `${dollars(s3)} by S3, ${dollars(inline)} inline` : `${dollars(s3)} by S3`;
}

const COST_ROWS = [
  ['s3Put', 'S3 PUT'],
  ['s3Get', 'S3 GET'],
  ['s3Storage', 'S3 storage'],
  ['records', 'DynamoDB'],
  ['sqsIn', 'SQS in'],
  ['sqsOut', 'SQS out'],
  ['lambdaRequests', 'Lambda requests'],
  ['lambdaDuration', 'Lambda duration'],
  ['pollers', 'pollers'],
  ['total', 'total'],
] as const;

function costLines({ dollarsAMillion, dollarsAMonth, workload }: Plan): string[] {
  const { s3, inline, lambdaDurationOneByOne } = dollarsAMillion;
  const why: Partial<Record<keyof typeof s3, string>> = {
    s3Storage: `${formatSize(workload.payloadBytes)} for ${threeDigits(workload.keptDays)} days`,
    lambdaDuration: `${formatDollars(lambdaDurationOneByOne)} if one after another`,
    pollers: pollersOrigin(workload, inline !== undefined),
  };
  const rows = COST_ROWS.filter(([key]) => key !== 'pollers' || workload.pollers).map(([key, name]) => [
    name,
    formatDollars(s3[key]),
    inline ? formatDollars(inline[key]) : '–',
    why[key] ?? '',
  ]);
  return [
    ...sectionTable([['', 'by S3', 'inline', ''], ...rows], [1, 2]),
    breakEven(dollarsAMillion),
    ...(dollarsAMonth ? [monthLine(dollarsAMonth)] : []),
  ];
}

function pollersOrigin(workload: Workload, canBeInline: boolean): string {
  const byS3 = `${formatCount(pollersInUse(workload, 'S3'))} by S3`;
  const all = canBeInline ? `${byS3}, ${formatCount(pollersInUse(workload, 'inline'))} inline` : byS3;
  return `${all}, ${formatDollars(POLLER_DOLLARS_A_DAY)} a day each`;
}

function monthLine({ s3, inline: inMessages }: NonNullable<Plan['dollarsAMonth']>): string {
  const inline = inMessages === undefined ? '' : `, ${formatDollars(inMessages)} inline`;
  return `A month at the mean rate: ${formatDollars(s3)} by S3${inline}.`;
}

function breakEven({ inlineIsCheaperUpToBytes: bytes }: Costs): string {
  if (bytes === 0) return 'By S3 is cheaper for any payload.';
  if (bytes < SQS_MAX_MESSAGE_BYTES) return `Inline is cheaper up to ${formatSize(bytes)}, by S3 beyond.`;
  return 'Inline is cheaper for any payload that fits in a message (1 MiB).';
}
