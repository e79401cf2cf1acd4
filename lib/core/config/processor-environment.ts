import {
  type Callbacks,
  OUTPUT_FORMATS,
  type OutputFormat,
  type TraceTarget,
  type WebhookEvent,
} from './settings.ts';
import { METRICS_VARIABLE, TEXT_VARIABLES, tellingVariables, tracingVariable } from './variable-names.ts';
import {
  choice,
  flag,
  list,
  optionalCount,
  optionalSetting,
  optionalText,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a processor is told by its deployment. */
export interface ProcessorEnvironment {
  /** Names the service in logs and as the `source` of its events. */
  readonly serviceName: string;
  readonly inputQueueUrl: string;
  readonly outputQueueUrl: string;
  /** The output queue's MaximumMessageSize; undefined where the deployment doesn't know it. */
  readonly outputMaxMessageBytes: number | undefined;
  /** Where messages go whose requests have used up their attempts. */
  readonly deadLetterQueueUrl: string;
  /** The bucket results go to. */
  readonly payloadBucket: string;
  /** The table of request records. */
  readonly requestTable: string;
  readonly resultPrefix: string;
  readonly consumerCopyPrefix: string;
  /** Where claim checks may point: `bucket` or `bucket/prefix`, the payload bucket among them. */
  readonly claimCheckSources: readonly string[];
  readonly outputFormat: OutputFormat;
  readonly concurrency: number;
  readonly visibilityTimeoutSeconds: number;
  readonly inputRetentionSeconds: number;
  readonly maxAttempts: number;
  readonly retryBaseSeconds: number;
  readonly retryCapSeconds: number;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  readonly maxBufferedBytes: number;
  readonly maxJsonDepth: number;
  readonly recordAgeDays: number;
  /** Where a pause is asked for; empty where nothing can keep messages away. */
  readonly pauseQueueUrl: string;
  readonly pauseSeconds: number;
  /** Undefined where no rate of failures makes for a pause. */
  readonly failureRatePercent: number | undefined;
  /** Whether to count what is done: the API decides by it how much it admits. */
  readonly measureLoad: boolean;
  /** Where webhooks wait for their delivery; empty where there are none. */
  readonly webhookQueueUrl: string;
  /** Whom outcomes are told whose requests name nobody; empty where that is nobody. */
  readonly webhookDefaultUrl: string;
  /** What is told by webhook. */
  readonly webhookEvents: readonly WebhookEvent[];
  /** Where callbacks may lead. */
  readonly callbacks: Callbacks;
  /** The ports callbacks may go to. */
  readonly callbackPorts: readonly number[];
  /** Whether to tell figures, a log line a batch. */
  readonly metrics: boolean;
  /** The event bus that is told of failures; empty where none is. */
  readonly eventBusArn: string;
  /** Where its spans go. */
  readonly tracing: TraceTarget;
}

/** A processor's environment as variables, for a deployment to set. */
export function writeEnvironment(environment: ProcessorEnvironment): Record<string, string> {
  return writeVariables(processorVariables(), environment);
}

/**
 * Reads back what {@link writeEnvironment} wrote.
 * @throws ConfigurationError naming every variable that is missing or out of range, what is allowed, and what came
 */
export function readEnvironment(variables: Variables): ProcessorEnvironment {
  return readVariables(processorVariables(), variables, "The processor's environment");
}

// Functions, so that a bundler drops them where nobody calls them.
function processorVariables(): VariablesOf<ProcessorEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    outputQueueUrl: text(TEXT_VARIABLES.outputQueueUrl),
    outputMaxMessageBytes: optionalCount('COATCHECK_OUTPUT_MAX_MESSAGE_BYTES', 'bytes'),
    deadLetterQueueUrl: text(TEXT_VARIABLES.deadLetterQueueUrl),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    requestTable: text(TEXT_VARIABLES.requestTable),
    resultPrefix: text(TEXT_VARIABLES.resultPrefix),
    consumerCopyPrefix: text(TEXT_VARIABLES.consumerCopyPrefix),
    claimCheckSources: list('COATCHECK_CLAIM_CHECK_SOURCES'),
    outputFormat: choice('COATCHECK_OUTPUT_FORMAT', OUTPUT_FORMATS),
    concurrency: setting('concurrency'),
    visibilityTimeoutSeconds: setting('visibilityTimeoutSeconds'),
    inputRetentionSeconds: setting('inputRetentionSeconds'),
    maxAttempts: setting('maxAttempts'),
    retryBaseSeconds: setting('retryBaseSeconds'),
    retryCapSeconds: setting('retryCapSeconds'),
    inlineLimitBytes: setting('inlineLimitBytes'),
    maxPayloadBytes: setting('maxPayloadBytes'),
    maxBufferedBytes: setting('maxBufferedBytes'),
    maxJsonDepth: setting('maxJsonDepth'),
    recordAgeDays: setting('recordAgeDays'),
    pauseQueueUrl: optionalText(TEXT_VARIABLES.pauseQueueUrl),
    pauseSeconds: setting('pauseSeconds'),
    failureRatePercent: optionalSetting('failureRatePercent'),
    measureLoad: flag('COATCHECK_MEASURE_LOAD'),
    ...tellingVariables(),
    metrics: flag(METRICS_VARIABLE),
    eventBusArn: optionalText('COATCHECK_EVENT_BUS_ARN'),
    tracing: tracingVariable(),
  };
}
