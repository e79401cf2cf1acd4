import { EnvelopeMalformed } from '../base/errors.ts';
import { parseClaimCheck } from '../model/claim-check.ts';
import type { DecodedRequest } from '../model/decoded-request.ts';
import type { CloudEventAttributes, QueueMessage } from '../model/received-message.ts';
import { CLOUDEVENT, readCloudEventAttributes } from './cloudevent-attributes.ts';
import { inlineBody } from './plain.ts';

/**
 * Reads a CloudEvent 1.0 in binary mode: its attributes are beside the message, which is its data.
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#message
 * @throws EnvelopeMalformed
 */
export function decodeBinaryCloudEvent(event: CloudEventAttributes, message: QueueMessage): DecodedRequest {
  for (const [name, value] of Object.entries(event)) {
    if (value === undefined) throw new EnvelopeMalformed(CLOUDEVENT, `${name} must be text in UTF-8`);
  }
  const { datacontenttype, dataref } = event;
  const hasData = message.bytes !== undefined || message.body !== '';
  return {
    ...readCloudEventAttributes(event),
    // An event may have its data and a reference to the same data, or no data at all.
    ...(hasData
      ? inlineBody(message, datacontenttype)
      : { payload: dataref ? parseClaimCheck(dataref) : { inline: '' }, contentType: datacontenttype }),
  };
}
