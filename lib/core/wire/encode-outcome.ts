import type { OutputFormat } from '../config/settings.ts';
import type { Outcome } from '../model/outcome.ts';
import type { OutputMessage } from '../ports/message-sink.ts';
import { encodeCloudEvent } from './encode-cloudevent.ts';
import { encodeRaw } from './encode-raw.ts';

/** How a service writes its outcomes. */
export interface EncodeSettings {
  readonly outputFormat: OutputFormat;
  readonly serviceName: string;
}

/** Writes an outcome as the service's consumers read it; undefined when its inline result can't be written so. */
export function encodeOutcome(outcome: Outcome, settings: EncodeSettings): OutputMessage | undefined {
  return settings.outputFormat === 'raw'
    ? encodeRaw(outcome)
    : encodeCloudEvent(outcome, settings.serviceName);
}
