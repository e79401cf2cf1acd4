#!/usr/bin/env bash
# async-processor hands over the members of a message's body in another order in each process, because they go through a
# set: get_body(), the JSON that its sidecar posts, and input_message of a failure. A program that signs, hashes or streams a body
# by its text sees another one after each restart. JSON parsers of Python keep the order, and so does a body alone.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check async-processor==1.0.0
cat > run.py <<'PY'
import importlib.metadata
import json
import sys

from async_processor import InputMessageV2

text = '{"tfy_request_id": "a", "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}'
print(json.dumps(list(InputMessageV2(**json.loads(text)).get_body())))
print(f"async-processor {importlib.metadata.version('async-processor')}, Python {sys.version.split()[0]}", file=sys.stderr)
PY
orders=$(for seed in 1 2 3 4 5 6 7 8; do PYTHONHASHSEED=$seed python/bin/python run.py 2> version; done | sort -u)
cat version
echo 'expected, as the message has it: ["first", "second", "third", "fourth", "fifth"]'
echo 'observed in eight processes, each order once:'
echo "$orders"
[ "$(wc -l <<< "$orders")" -gt 1 ]
