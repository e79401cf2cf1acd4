import { utf8Text } from './message-text.ts';

/**
 * Percent-encodes the value of a CloudEvent's attribute for a header, as the bindings for HTTP and NATS do.
 * @see https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md#3132-nats-header-values
 */
export function encodeCloudEventHeader(value: string): string {
  // A surrogate that isn't half of a pair has no UTF-8: encoding it throws.
  return value.toWellFormed().replace(/[^\x21\x23\x24\x26-\x7e]+/g, encodeURIComponent);
}

/**
 * Decodes the value of a CloudEvent's attribute in a header: unquotes it, which older senders quote, and decodes
 * percent-encoding once. Undefined if the result isn't UTF-8.
 */
export function decodeCloudEventHeader(value: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)?.[1];
  const unquoted = quoted === undefined ? value : quoted.replace(/\\(.)/gs, '$1');
  if (!unquoted.includes('%')) return unquoted;
  // In pieces between texts and runs of encoded bytes: a percent sign that begins no code stands for itself.
  let isUtf8 = true;
  const decoded = unquoted.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const text = utf8Text(Buffer.from(run.replaceAll('%', ''), 'hex'));
    if (text === undefined) isUtf8 = false;
    return text ?? '';
  });
  return isUtf8 ? decoded : undefined;
}
