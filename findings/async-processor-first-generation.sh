#!/usr/bin/env bash
# async-processor 1.0.0 no longer reads {"request_id": …, "body": …}, which 0.1.18 reads and the README of 1.0.0 still
# sends: the id is lost, and the body that a handler gets is the whole message. It fails in the handler, or doesn't fail.
set -euo pipefail
cd "$(mktemp -d)"
cat > run.py <<'PY'
import importlib.metadata
import json
import sys

from async_processor import Processor


class Handler(Processor):
    def process(self, input_message):
        raise NotImplementedError


message = Handler().input_deserializer(b'{"request_id": "abc", "body": {"x": 1}}')
seen = [message.get_request_id(), json.dumps(message.get_body(), sort_keys=True)]
print(f"async-processor {importlib.metadata.version('async-processor')}, Python {sys.version.split()[0]}: id and body {seen}")
PY
for version in 0.1.18 1.0.0; do
  python3 -m venv "python-$version"
  "python-$version/bin/pip" install --quiet --disable-pip-version-check "async-processor==$version"
  "python-$version/bin/python" run.py
done | tee observed
echo "expected of both: id and body ['abc', '{\"x\": 1}']"
grep -qF "0.1.18, Python" observed && grep -qF "['abc', '{\"x\": 1}']" <(head -1 observed)
grep -qF "[None, '{\"body\": {\"x\": 1}, \"request_id\": \"abc\"}']" <(tail -1 observed)
