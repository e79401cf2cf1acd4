#!/usr/bin/env bash
# openapi-typescript makes a member of a request body required when its schema has a default, though `required` doesn't
# name it: a client that leaves it to the server doesn't compile. The OpenAPI default is what the server assumes.
set -euo pipefail
cd "$(mktemp -d)"
npm install --silent --no-audit --no-fund --ignore-scripts --save-exact openapi-typescript@7.13.0 typescript@5.9.3
cat > api.json <<'JSON'
{
  "openapi": "3.1.0",
  "info": { "title": "t", "version": "1" },
  "paths": {},
  "components": {
    "schemas": {
      "Order": {
        "type": "object",
        "required": ["size"],
        "properties": { "size": { "type": "integer" }, "parts": { "type": "boolean", "default": false } }
      }
    }
  }
}
JSON
npx openapi-typescript api.json -o api.d.ts > /dev/null 2>&1
cat > use.ts <<'TS'
import type { components } from './api';
export const order: components['schemas']['Order'] = { size: 5 };
TS
echo "openapi-typescript $(node -p "require('openapi-typescript/package.json').version")"
echo 'expected: { size: 5 } is an Order'
npx tsc --noEmit --strict use.ts > problems.txt || true
echo "observed: $(cat problems.txt)"
grep -q "Property 'parts' is missing" problems.txt
