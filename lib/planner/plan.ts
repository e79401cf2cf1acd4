import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { type BatchSettings, batchSettings } from './batch-settings.ts';
import { inlineIsCheaperUpToBytes } from './break-even.ts';
import { type CostOfMillion, costOfMillion, durationDollarsOneByOne, monthlyDollars } from './cost.ts';
import { type Finding, findings } from './findings.ts';
import { type SteadyState, steadyState } from './steady-state.ts';
import { forecastSurge, type Surge, type SurgeForecast } from './surge.ts';
import type { Arrivals } from './traffic.ts';
import type { Workload } from './workload.ts';

/** Everything there is to say about a workload. */
export interface Plan {
  readonly workload: Workload;
  readonly settings: BatchSettings;
  readonly steady: SteadyState;
  readonly surge?: Surge & { readonly forecast: SurgeForecast };
  /** Arrivals of a service whose peak is the rate of the workload; absent for a rate that was given. */
  readonly arrivals?: Arrivals;
  readonly dollarsAMillion: Costs;
  /** What a month costs at the mean rate of these arrivals. */
  readonly dollarsAMonth?: { readonly s3: number; readonly inline?: number };
  readonly findings: readonly Finding[];
}

/** What a million requests cost. */
export interface Costs {
  readonly s3: CostOfMillion;
  /** Absent where the payload is too large for a message. */
  readonly inline?: CostOfMillion;
  readonly inlineIsCheaperUpToBytes: number;
  /** Instead of `lambdaDuration`, if a batch were handled one request after another. */
  readonly lambdaDurationOneByOne: number;
}

/**
 * Answers for a workload and, if one is given, a surge on top of it.
 * @param arrivals whose peak is the rate of the workload
 */
export function planFor(workload: Workload, surge?: Surge, arrivals?: Arrivals): Plan {
  const settings = batchSettings(workload);
  const steady = steadyState(workload, settings.batchWindowSeconds);
  const isInline = workload.payloadBytes <= SQS_MAX_MESSAGE_BYTES;
  const forecast = surge && { ...surge, forecast: forecastSurge(workload, steady, surge) };
  return {
    workload,
    settings,
    steady,
    surge: forecast,
    arrivals,
    dollarsAMillion: {
      s3: costOfMillion(workload, 'S3'),
      inline: isInline ? costOfMillion(workload, 'inline') : undefined,
      inlineIsCheaperUpToBytes: inlineIsCheaperUpToBytes(workload),
      lambdaDurationOneByOne: durationDollarsOneByOne(workload),
    },
    dollarsAMonth: arrivals && monthAt({ ...workload, ratePerSecond: arrivals.meanPerSecond }, isInline),
    findings: findings(workload, settings, steady, forecast?.forecast),
  };
}

function monthAt(workload: Workload, isInline: boolean): NonNullable<Plan['dollarsAMonth']> {
  return {
    s3: monthlyDollars(workload, 'S3'),
    ...(isInline && { inline: monthlyDollars(workload, 'inline') }),
  };
}
