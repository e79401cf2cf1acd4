import { html } from 'hono/html';
import type { ServiceSetting } from '../../client/index.ts';
import { type DollarsBySize, type Peak, peakOf } from '../../planner/peak.ts';
import type { Traffic } from '../../planner/traffic.ts';
import { formatDollars, formatDuration, formatRate, threeDigits } from '../../terminal/figures.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { type Fact, factsOf } from './facts.ts';
import type { Html } from './html.ts';
import { oneLine } from './text.ts';
import { timeOf } from './time.ts';

/** How a service stands up to its own traffic, or what isn't known. */
export function capacityOf(
  traffic: Traffic,
  settings: readonly ServiceSetting[] | undefined,
  now: number,
): Html {
  const peak = peakOf(traffic, settings);
  return html`${factsOf([...trafficFacts(traffic, now), ...(peak ? peakFacts(peak) : [])])}${
    !peak &&
    html`<p class="unavailable">The concurrency, the wait and the cost of the peak aren’t known: ${reasonsOf(traffic)}.</p>`
  }<p class="hint">An estimate that assumes random arrivals and a constant attempt time. The command shows more, for a payload size of your choice.</p>`;
}

function trafficFacts({ arrivals, serviceSeconds, attempts }: Traffic, now: number): Fact[] {
  return [
    [
      'Arrivals at the peak',
      arrivals &&
        html`${formatRate(arrivals.peakPerSecond)} for ${formatDuration(arrivals.peakSeconds)} from ${timeOf(arrivals.peakAt, now)}`,
    ],
    [
      'Arrivals on average',
      arrivals &&
        `${formatRate(arrivals.meanPerSecond)}: ${formatCount(arrivals.submitted)} requests in ${formatDuration(arrivals.seconds)}`,
    ],
    [
      'An attempt took',
      serviceSeconds !== undefined && `${formatDuration(serviceSeconds)} in the last minute, on average`,
    ],
    ['Attempts per request', attempts !== undefined && `${threeDigits(attempts)} in the last minute`],
  ];
}

function peakFacts({ requestsAtOnce, mostAtOnce, waitSeconds, monthlyDollars }: Peak): Fact[] {
  const share =
    mostAtOnce === undefined
      ? ''
      : `, of at most ${threeDigits(mostAtOnce)} (${threeDigits((100 * requestsAtOnce) / mostAtOnce)}%)`;
  return [
    ['Needed at the peak', `${threeDigits(requestsAtOnce)} requests at a time${share}`],
    [
      'Expected wait at the peak',
      waitSeconds === undefined ? 'unknown: the settings aren’t' : waitText(waitSeconds),
    ],
    [
      'Cost per month',
      monthlyDollars
        ? dollarsText(monthlyDollars)
        : 'not estimated: only Lambda functions are billed per request',
    ],
  ];
}

function waitText(seconds: number): string {
  return Number.isFinite(seconds) ? formatDuration(seconds) : 'longer and longer: the queue grows';
}

function dollarsText({ least, most, payloadBytes, resultBytes }: DollarsBySize): string {
  return `${formatDollars(least)} to ${formatDollars(most)}, by size: payloads in messages of up to ${formatBytes(payloadBytes)}, results of up to ${formatBytes(resultBytes)}`;
}

function reasonsOf({ unknown }: Traffic): string {
  return oneLine([...new Set(Object.values(unknown))].join('; '));
}
