import { otherProcessorsVariable, type ProcessorQueue } from './processor-queues.ts';
import { recordMetadataVariable } from './record-metadata.ts';
import { DEFAULT_PAYLOAD_PREFIX } from './settings.ts';
import { TEXT_VARIABLES } from './variable-names.ts';
import { defaultedSetting, list, text, type VariablesOf, withDefault } from './variables.ts';

/** What a deployment passes to a function that sends to the input queues, each message by its topic. */
export interface RoutingEnvironment {
  readonly inputQueueUrl: string;
  /** Patterns of the topics that the processor is for. */
  readonly topics: readonly string[];
  /** The processors of the services behind this one. */
  readonly otherProcessors: readonly ProcessorQueue[];
  /** Keeps payloads that are too large for a message. */
  readonly payloadBucket: string;
  readonly payloadPrefix: string;
}

/** What a deployment passes to a function that submits requests. */
export interface SubmittingEnvironment extends RoutingEnvironment {
  /** The table of request records. */
  readonly requestTable: string;
  readonly inlineLimitBytes: number;
  readonly maxPayloadBytes: number;
  /** The processor's limit: JSON that is nested deeper is passed as bytes. */
  readonly maxJsonDepth: number;
  readonly recordAgeDays: number;
  /** The keys of metadata that records keep. */
  readonly recordMetadata: readonly string[];
}

export function routingVariables(): VariablesOf<RoutingEnvironment> {
  return {
    inputQueueUrl: text(TEXT_VARIABLES.inputQueueUrl),
    topics: list('COATCHECK_TOPICS'),
    otherProcessors: otherProcessorsVariable(),
    payloadBucket: text(TEXT_VARIABLES.payloadBucket),
    payloadPrefix: withDefault(text(TEXT_VARIABLES.payloadPrefix), DEFAULT_PAYLOAD_PREFIX),
  };
}

export function submittingVariables(): VariablesOf<SubmittingEnvironment> {
  return {
    ...routingVariables(),
    requestTable: text(TEXT_VARIABLES.requestTable),
    inlineLimitBytes: defaultedSetting('inlineLimitBytes'),
    maxPayloadBytes: defaultedSetting('maxPayloadBytes'),
    maxJsonDepth: defaultedSetting('maxJsonDepth'),
    recordAgeDays: defaultedSetting('recordAgeDays'),
    recordMetadata: recordMetadataVariable(),
  };
}
