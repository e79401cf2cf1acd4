import { EnvelopeMalformed } from '../base/errors.ts';
import type { JsonObject } from '../base/json-object.ts';
import { quote } from '../base/quote.ts';
import { readTraceContext } from '../base/traceparent.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import {
  readOptionalMinVersion,
  readOptionalText,
  readOptionalTopic,
  readRequiredText,
  readTimes,
  scalarTexts,
} from './fields.ts';

/** The envelope's name in errors. */
export const CLOUDEVENT = 'CloudEvent';

/** Attributes that have a meaning here. All others are passed on as metadata. */
const OWN_ATTRIBUTES = new Set([
  'specversion',
  'id',
  'data',
  'data_base64',
  'callbackurl',
  'datacontenttype',
  'dataref',
  'expirytime',
  'minversion',
  'notbefore',
  'topic',
  'traceparent',
  'tracestate',
]);

/**
 * Reads the request's properties from the attributes of a CloudEvent 1.0, in every mode.
 * @throws EnvelopeMalformed
 */
export function readCloudEventAttributes(event: JsonObject): Omit<DecodedRequest, 'payload' | 'contentType'> {
  if (event.specversion !== '1.0') {
    throw new EnvelopeMalformed(CLOUDEVENT, `specversion must be "1.0", got ${quote(event.specversion)}`);
  }
  const id = readRequiredText(CLOUDEVENT, event, 'id');
  const source = readRequiredText(CLOUDEVENT, event, 'source');
  readRequiredText(CLOUDEVENT, event, 'type');
  const minVersion = readOptionalText(CLOUDEVENT, event, 'minversion');
  return {
    id,
    source,
    metadata: metadataOf(event),
    tenant: readOptionalText(CLOUDEVENT, event, 'tenant'),
    ...readTraceContext(event),
    callbackUrl: readOptionalText(CLOUDEVENT, event, 'callbackurl'),
    ...readTimes(
      CLOUDEVENT,
      ['notbefore', readOptionalText(CLOUDEVENT, event, 'notbefore')],
      ['expirytime', readOptionalText(CLOUDEVENT, event, 'expirytime')],
    ),
    minVersion: readOptionalMinVersion(CLOUDEVENT, 'minversion', minVersion),
    topic: readOptionalTopic(CLOUDEVENT, 'topic', readOptionalText(CLOUDEVENT, event, 'topic')),
  };
}

/** Attributes and extensions as text, as in the other bindings of CloudEvents. */
function metadataOf(event: JsonObject): Record<string, string> {
  const others = Object.entries(event).filter(([name]) => !OWN_ATTRIBUTES.has(name));
  return scalarTexts(Object.fromEntries(others));
}
