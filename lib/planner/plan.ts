import { SQS_MAX_MESSAGE_BYTES } from '../core/config/aws-limits.ts';
import { type BatchSettings, batchSettings } from './batch-settings.ts';
import { inlineIsCheaperUpToBytes } from './break-even.ts';
import { type CostOfMillion, costOfMillion, durationDollarsOneByOne } from './cost.ts';
import { type Finding, findings } from './findings.ts';
import { type SteadyState, steadyState } from './steady-state.ts';
import { forecastSurge, type Surge, type SurgeForecast } from './surge.ts';
import type { Workload } from './workload.ts';

/** Everything there is to say about a workload. */
export interface Plan {
  readonly workload: Workload;
  readonly settings: BatchSettings;
  readonly steady: SteadyState;
  readonly surge?: Surge & { readonly forecast: SurgeForecast };
  readonly dollarsAMillion: Costs;
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

/** Answers for a workload and, if one is given, a surge on top of it. */
export function planFor(workload: Workload, surge?: Surge): Plan {
  const settings = batchSettings(workload);
  const steady = steadyState(workload, settings.batchWindowSeconds);
  const forecast = surge && { ...surge, forecast: forecastSurge(workload, steady, surge) };
  return {
    workload,
    settings,
    steady,
    surge: forecast,
    dollarsAMillion: {
      s3: costOfMillion(workload, 'S3'),
      inline: workload.payloadBytes <= SQS_MAX_MESSAGE_BYTES ? costOfMillion(workload, 'inline') : undefined,
      inlineIsCheaperUpToBytes: inlineIsCheaperUpToBytes(workload),
      lambdaDurationOneByOne: durationDollarsOneByOne(workload),
    },
    findings: findings(workload, settings, steady, forecast?.forecast),
  };
}
