import type { EngineSettings } from './engine-settings.ts';
import { type OtherLaneUrls, otherLaneVariables } from './lane-urls.ts';
import { limitsVariable } from './limits-variable.ts';
import { recordMetadataVariable } from './record-metadata.ts';
import { ON_EXHAUSTED, SQS_OUTPUT_FORMATS, type SqsOutputFormat, type TraceTarget } from './settings.ts';
import {
  METRICS_VARIABLE,
  TEXT_VARIABLES,
  tracingVariable,
  versionVariable,
  webhookEndpointsVariable,
  webhookVariables,
} from './variable-names.ts';
import {
  choice,
  flag,
  list,
  optionalCount,
  optionalSetting,
  optionalText,
  pairs,
  readVariables,
  setting,
  text,
  type Variables,
  type VariablesOf,
  writeVariables,
} from './variables.ts';

/** What a deployment sets for a processor: the engine's settings, and where its ports are. */
export interface ProcessorEnvironment extends EngineSettings, OtherLaneUrls {
  /** Empty for a service by itself. */
  readonly frontServiceName: string;
  readonly inputQueueUrl: string;
  /** After how many receives the input queue dead-letters by itself; undefined where the deployment doesn't know it. */
  readonly maxReceives: number | undefined;
  /** How long a message stays hidden after a crash. */
  readonly visibilityTimeoutSeconds: number;
  /** {@link NO_OUTPUT_URL} in a service that sends nothing to an output queue. */
  readonly outputQueueUrl: string;
  readonly outputFormat: SqsOutputFormat;
  /** The output queue's MaximumMessageSize; undefined where the deployment doesn't know it. */
  readonly outputMaxMessageBytes: number | undefined;
  /** The topic of outcomes; empty unless outcomes fan out. */
  readonly outputTopicArn: string;
  /** The queue for the messages of requests that have used up their attempts. */
  readonly deadLetterQueueUrl: string;
  /** The bucket for results. */
  readonly payloadBucket: string;
  /** The table of request records. */
  readonly requestTable: string;
  /** The queue of pause requests; empty where nothing can pause the event source. */
  readonly pauseQueueUrl: string;
  /** Whether to log completed work, which the API's admission needs. */
  readonly measureLoad: boolean;
  /** The queue of webhooks to deliver; empty where there are none. */
  readonly webhookQueueUrl: string;
  /** Whether there are webhook endpoints. */
  readonly webhookEndpoints: boolean;
  /** Whether to log metrics, a line a batch. */
  readonly metrics: boolean;
  /** The ids of the processor's secrets in Secrets Manager, by their names. */
  readonly secretIds: Readonly<Record<string, string>>;
  /** The event bus for failure events; empty if there is none. */
  readonly eventBusArn: string;
  /** Where spans go. */
  readonly tracing: TraceTarget;
}

/** A processor's environment as variables, for a deployment to set. */
export function writeEnvironment(environment: ProcessorEnvironment): Record<string, string> {
  return writeVariables(processorVariables(), environment);
}

/**
 * Reads back what {@link writeEnvironment} wrote.
 * @throws ConfigurationError that names every missing or invalid variable, what is allowed, and its value
 */
export function readEnvironment(variables: Variables): ProcessorEnvironment {
  return readVariables(processorVariables(), variables, "The processor's environment");
}

/** The variables of a processor. A function, so that a bundler drops it where it isn't called. */
export function processorVariables(): VariablesOf<ProcessorEnvironment> {
  return {
    serviceName: text(TEXT_VARIABLES.serviceName),
    frontServiceName: optionalText('COATCHECK_FRONT_SERVICE_NAME'),
    handlerVersion: versionVariable(),
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    ...otherLaneVariables(),
    maxReceives: optionalCount('COATCHECK_MAX_RECEIVES', 'receives'),
    outputQueueUrl: text(TEXT_VARIABLES.outputQueueUrl),
    outputMaxMessageBytes: optionalCount('COATCHECK_OUTPUT_MAX_MESSAGE_BYTES', 'bytes'),
    outputTopicArn: optionalText('COATCHECK_OUTPUT_TOPIC_ARN'),
    deadLetterQueueUrl: text(TEXT_VARIABLES.deadLetterQueueUrl),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    requestTable: text(TEXT_VARIABLES.requestTable),
    resultPrefix: text(TEXT_VARIABLES.resultPrefix),
    consumerCopyPrefix: text(TEXT_VARIABLES.consumerCopyPrefix),
    claimCheckSources: list('COATCHECK_CLAIM_CHECK_SOURCES'),
    outputFormat: choice('COATCHECK_OUTPUT_FORMAT', SQS_OUTPUT_FORMATS),
    concurrency: setting('concurrency'),
    visibilityTimeoutSeconds: setting('visibilityTimeoutSeconds'),
    inputRetentionSeconds: setting('inputRetentionSeconds'),
    maxAttempts: setting('maxAttempts'),
    retryBaseSeconds: setting('retryBaseSeconds'),
    retryCapSeconds: setting('retryCapSeconds'),
    onExhausted: choice('COATCHECK_ON_EXHAUSTED', ON_EXHAUSTED),
    topics: list('COATCHECK_TOPICS'),
    limits: limitsVariable(),
    inlineLimitBytes: setting('inlineLimitBytes'),
    maxPayloadBytes: setting('maxPayloadBytes'),
    maxBufferedBytes: setting('maxBufferedBytes'),
    maxJsonDepth: setting('maxJsonDepth'),
    recordAgeDays: setting('recordAgeDays'),
    recordMetadata: recordMetadataVariable(),
    pauseQueueUrl: optionalText(TEXT_VARIABLES.pauseQueueUrl),
    pauseSeconds: setting('pauseSeconds'),
    failureRatePercent: optionalSetting('failureRatePercent'),
    measureLoad: flag('COATCHECK_MEASURE_LOAD'),
    ...webhookVariables(),
    webhookEndpoints: webhookEndpointsVariable(),
    metrics: flag(METRICS_VARIABLE),
    secretIds: pairs('COATCHECK_SECRETS'),
    eventBusArn: optionalText(TEXT_VARIABLES.eventBusArn),
    tracing: tracingVariable(),
  };
}
