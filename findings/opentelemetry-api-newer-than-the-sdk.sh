#!/usr/bin/env bash
# @opentelemetry/api 1.10 silently ignores an SDK that was registered through 1.9 in the same process: its spans are not
# recorded, and only a diagnostic logger would say so. The other way round works. A bundle can easily hold both: `npm
# install @opentelemetry/api` gives 1.10, the SDKs of the line 2.x and the ADOT layer for Lambda have 1.9.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact \
  older@npm:@opentelemetry/api@1.9.1 newer@npm:@opentelemetry/api@1.10.0
cat > register.cjs <<'JS'
/** Whether a tracer of one version makes spans by a provider that was registered through another. */
const [, , registering, making] = process.argv;
const span = { spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }) };
const registered = require(registering).trace.setGlobalTracerProvider({
  getTracer: () => ({ startSpan: () => span }),
});
const made = require(making).trace.getTracer('test').startSpan('test');
console.log(registered && made === span ? 'recorded' : 'ignored');
JS
seen="$(node register.cjs older newer), $(node register.cjs newer older)"
known='ignored, recorded'
echo "@opentelemetry/api 1.9.1 and 1.10.0"
echo "expected: a warning or a span of the SDK, whichever of the two registered it"
echo "observed: registered through 1.9 and used by 1.10: ${seen%%,*}; the other way round: ${seen##*, }"
[ "$seen" = "$known" ]
