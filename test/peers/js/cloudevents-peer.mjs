// Reads and writes CloudEvents with the JavaScript SDK. "read": standard input is a JSON array of events as text, standard
// output is what the SDK read of each. "write": standard output is events that the SDK wrote, as text.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [peers, mode] = process.argv.slice(2);
const { CloudEvent, HTTP } = createRequire(peers)('cloudevents');

const headers = { 'content-type': 'application/cloudevents+json' };

function read(body) {
  try {
    const event = HTTP.toEvent({ headers, body });
    event.validate();
    const {
      type,
      subject,
      datacontenttype: dataContentType,
      data,
      data_base64: base64,
      dataref,
      tenant,
    } = event;
    return { type, subject, dataContentType, extensions: { dataref, tenant }, data: base64Of(data, base64) };
  } catch (error) {
    return { error: String(error) };
  }
}

function base64Of(data, base64) {
  if (base64 !== undefined) return base64;
  if (data === undefined) return null;
  const bytes = data instanceof Uint8Array || typeof data === 'string' ? data : JSON.stringify(data);
  return Buffer.from(bytes).toString('base64');
}

function written(more = {}) {
  const event = new CloudEvent({
    id: 'js-1',
    source: '/peers/js',
    type: 'order.placed',
    time: '2026-11-28T12:00:00Z',
    ...more,
  });
  return HTTP.structured(event).body;
}

const output =
  mode === 'read'
    ? JSON.parse(readFileSync(0, 'utf8')).map(read)
    : {
        withoutData: written(),
        json: written({ datacontenttype: 'application/json', data: { x: 2, y: 3 } }),
        text: written({ datacontenttype: 'text/plain', data: 'hello' }),
        binary: written({ datacontenttype: 'application/octet-stream', data: Uint8Array.of(0, 255, 254, 1) }),
      };
process.stdout.write(JSON.stringify(output));
