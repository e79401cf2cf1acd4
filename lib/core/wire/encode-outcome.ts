import type { OutputFormat } from '../config/settings.ts';
import type { Outcome } from '../model/outcome.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { encodeCloudEvent } from './encode-cloudevent.ts';
import { encodeBinaryCloudEvent } from './encode-cloudevent-binary.ts';
import { encodeRaw } from './encode-raw.ts';
import { encodeTrueFoundry, type OutcomeInput } from './encode-truefoundry.ts';

/** How a service encodes its outcomes. */
export interface EncodeSettings {
  readonly outputFormat: OutputFormat;
  readonly serviceName: string;
}

/**
 * Encodes an outcome in the service's output format.
 * @param input the request as its message brought it, if that is known
 * @returns undefined if the format can't hold its result
 */
export function encodeOutcome(
  outcome: Outcome,
  settings: EncodeSettings,
  input?: OutcomeInput,
): OutputMessage | undefined {
  switch (settings.outputFormat) {
    case 'raw':
      return encodeRaw(outcome);
    case 'cloudevents':
    case 'cloudevents-stream':
      return encodeCloudEvent(outcome, settings.serviceName);
    case 'cloudevents-binary':
      return encodeBinaryCloudEvent(outcome, settings.serviceName);
    case 'truefoundry':
      return encodeTrueFoundry(outcome, input);
  }
}
