#!/usr/bin/env bash
# cloudevents (JavaScript SDK) reads data_base64 into a Uint32Array, a byte an element: its buffer has 4 times the bytes,
# and Buffer.from(event.data.buffer) isn't the data. An empty data_base64 is no data at all.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact cloudevents@10.0.0
cat > read.cjs <<'JS'
const { HTTP } = require('cloudevents');
const read = (data_base64) =>
  HTTP.toEvent({
    headers: { 'content-type': 'application/cloudevents+json' },
    body: JSON.stringify({
      specversion: '1.0', id: '1', source: '/s', type: 't', datacontenttype: 'image/png', data_base64,
    }),
  }).data;
const data = read(Buffer.from([137, 80, 0, 255]).toString('base64'));
const seen = `${data.constructor.name} of ${data.byteLength} bytes, ${typeof read('')}`;
const known = 'Uint32Array of 16 bytes, undefined';
console.log(`cloudevents ${require('cloudevents/package.json').version}`);
console.log('expected: a Uint8Array of 4 bytes, and one of none');
console.log(`observed: ${seen}`);
process.exit(seen === known ? 0 : 1);
JS
node read.cjs
