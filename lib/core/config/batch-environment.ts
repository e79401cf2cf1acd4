import type { ApiEnvironment } from './api-environment.ts';
import { type OtherLaneUrls, otherLaneVariables } from './lane-urls.ts';
import type { Callbacks, WebhookEvent } from './settings.ts';
import { type SubmittingEnvironment, submittingVariables } from './submitting-environment.ts';
import { MIN_VERSION_VARIABLE, TEXT_VARIABLES, webhookVariables } from './variable-names.ts';
import {
  flag,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a deployment passes to the function of batches. */
export interface BatchEnvironment
  extends SubmittingEnvironment,
    OtherLaneUrls,
    Pick<ApiEnvironment, 'acceptsMinVersion'> {
  /** Names the service in logs and in the ids of webhooks. */
  readonly serviceName: string;
  readonly resultAgeDays: number;
  readonly resultPrefix: string;
  /** The group for the timers of batches. */
  readonly scheduleGroup: string;
  /** Empty if webhooks are off. */
  readonly webhookQueueUrl: string;
  /** The receiver of batches without a callback URL; empty if there is none. */
  readonly webhookDefaultUrl: string;
  /** The events that webhooks report. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** The addresses that callback URLs may lead to. */
  readonly callbacks: Callbacks;
  /** The ports that callback URLs may name. */
  readonly callbackPorts: readonly number[];
}

/** The environment of the function of batches as variables, for a deployment to set. */
export function writeBatchEnvironment(environment: BatchEnvironment): Record<string, string> {
  return writeVariables(batchVariables(), environment);
}

/**
 * Reads back what {@link writeBatchEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readBatchEnvironment(variables: Variables): BatchEnvironment {
  return readVariables(batchVariables(), variables, "The batch function's environment");
}

function batchVariables(): VariablesOf<BatchEnvironment> {
  return {
    ...submittingVariables(),
    serviceName: text(TEXT_VARIABLES.serviceName),
    ...otherLaneVariables(),
    acceptsMinVersion: flag(MIN_VERSION_VARIABLE),
    resultAgeDays: setting('resultAgeDays'),
    resultPrefix: text(TEXT_VARIABLES.resultPrefix),
    scheduleGroup: text(TEXT_VARIABLES.scheduleGroup),
    ...webhookVariables(),
  };
}
