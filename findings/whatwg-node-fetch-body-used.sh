#!/usr/bin/env bash
# @whatwg-node/fetch: a Response whose body was read says bodyUsed: false, and can be read again. The Fetch standard
# has bodyUsed true from the first read on and a second read reject, as Node's own Response does.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact @whatwg-node/fetch@0.12.1
cat > read.cjs <<'JS'
const peer = require('@whatwg-node/fetch');

async function seenOf(Response) {
  const response = new Response('done');
  await response.text();
  const again = await response.text().then(
    (text) => `reads ${JSON.stringify(text)} again`,
    (error) => `rejects with ${error.name}`,
  );
  return `bodyUsed ${response.bodyUsed}, ${again}`;
}

(async () => {
  const [expected, observed] = [await seenOf(Response), await seenOf(peer.Response)];
  console.log(`@whatwg-node/fetch ${require('@whatwg-node/fetch/package.json').version}, Node ${process.version}`);
  console.log(`expected, as Node's own Response: ${expected}`);
  console.log(`observed: ${observed}`);
  const known = 'bodyUsed false, reads "done" again';
  process.exit(observed === known && expected === 'bodyUsed true, rejects with TypeError' ? 0 : 1);
})();
JS
node read.cjs
