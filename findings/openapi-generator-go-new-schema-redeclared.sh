#!/usr/bin/env bash
# openapi-generator 7.24.0 writes a constructor NewOrder for a schema Order. A document that has a schema NewOrder too, as is usual for
# the body of a POST, gives a client for Go in which NewOrder is declared twice, and which doesn't compile. The generator exits with
# 0 and warns of nothing, though it renames schemas that collide with reserved words.
set -euo pipefail
cd "$(mktemp -d)"
mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
  -Dartifact=org.openapitools:openapi-generator-cli:7.24.0 -DoutputDirectory=. > /dev/null
cat > document.py <<'PY'
import json
import sys

body, order = sys.argv[1], {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}
reference = lambda name: {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}}
post = {
    "operationId": "placeOrder",
    "requestBody": reference(body),
    "responses": {"201": {"description": "The order.", **reference("Order")}},
}
schemas = {"Order": order, body: order}
json.dump(
    {
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/orders": {"post": post}},
        "components": {"schemas": schemas},
    },
    sys.stdout,
)
PY
for body in NewOrder OrderInput; do
  python3 document.py "$body" > "$body.json"
  java -jar openapi-generator-cli-7.24.0.jar generate -g go -i "$body.json" -o "$body" --package-name orders \
    --additional-properties withGoMod=false > "$body.log" 2>&1
  (cd "$body" && rm -rf test && printf 'module orders\n\ngo 1.23\n' > go.mod && go build . 2> problems) && echo compiles > "$body/seen" ||
    grep -m1 redeclared "$body/problems" > "$body/seen"
done
echo "openapi-generator 7.24.0, $(go env GOVERSION)"
echo 'expected: both clients compile'
for body in NewOrder OrderInput; do echo "observed with the schemas Order and $body: $(cat "$body/seen")"; done
grep -q 'NewOrder redeclared in this block' NewOrder/seen
[ "$(cat OrderInput/seen)" = compiles ]
