#!/usr/bin/env bash
# A response whose content has application/octet-stream and */* may be of any type: of the keys that match, OpenAPI applies the most
# specific one. ogen 1.25.0 drops */* where a specific type is listed as well. Its client rejects all other types, such as the text here,
# with "unexpected Content-Type". With */* alone it reads them. Generation says only "Filter common content type", as information.
set -euo pipefail
cd "$(mktemp -d)"
cat > go.mod <<'MOD'
module finding

go 1.25
MOD
go get -tool github.com/ogen-go/ogen/cmd/ogen@v1.25.0 2>/dev/null
cat > document.py <<'PY'
import json
import sys

bytes_schema = {"type": "string", "format": "binary"}
content = {name: {"schema": bytes_schema} for name in sys.argv[1:]}
get = {"operationId": "getResult", "responses": {"200": {"description": "The result.", "content": content}}}
json.dump({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": {"/result": {"get": get}}}, sys.stdout)
PY
for name in both general; do
  mkdir -p "$name"
  types=('*/*')
  answer=answer.Response
  [ "$name" = general ] || { types=(application/octet-stream '*/*'); answer=answer; }
  python3 document.py "${types[@]}" > "$name.json"
  go tool ogen --target "$name/api" --package api "$name.json" > "$name.log" 2>&1
  cat > "$name/main.go" <<GO
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"finding/$name/api"
)

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, _ *http.Request) {
		writer.Header().Set("Content-Type", "text/plain")
		io.WriteString(writer, "done")
	}))
	defer server.Close()
	client, err := api.NewClient(server.URL)
	if err != nil {
		panic(err)
	}
	answer, err := client.GetResult(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := io.ReadAll($answer)
	fmt.Println(string(text), err)
}
GO
done
go mod tidy 2>/dev/null
both=$(go run ./both)
general=$(go run ./general)
echo "ogen $(go list -m -f '{{.Version}}' github.com/ogen-go/ogen), $(go env GOVERSION): a response of text/plain"
echo 'expected: done <nil>, with */* beside another type as with */* alone'
echo "observed with application/octet-stream and */*: $both"
echo "observed with */*: $general"
[ "$both" = 'decode response: unexpected Content-Type: text/plain' ]
[ "$general" = 'done <nil>' ]
