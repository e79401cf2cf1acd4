"""Writes a batch and reads its results with Python's own json and urllib: argument 1 is the URL of the API."""

import json
import sys
import time
import urllib.request

api = sys.argv[1]


def call(method, path, body=None, content_type="application/json"):
    headers = {"Content-Type": content_type} if body is not None else {}
    request = urllib.request.Request(api + path, data=body, headers=headers, method=method)
    with urllib.request.urlopen(request) as response:
        return response.read()


batch = json.loads(call("POST", "/v1/batches", b"{}"))["id"]
values = {"integer": 2**70, "float": 0.1, "text": "\u2028 \N{SNOWMAN} \\ \"", "list": [None, True, {"a": []}]}
lines = "".join(json.dumps({"key": key, "json": value}) + "\n" for key, value in values.items())
added = json.loads(call("POST", f"/v1/batches/{batch}/items", lines.encode(), "application/x-ndjson"))
assert (added["added"], added["refused"]) == (len(values), []), added
call("POST", f"/v1/batches/{batch}/seal")
while json.loads(call("GET", f"/v1/batches/{batch}"))["status"] != "completed":
    time.sleep(0.05)
results = [json.loads(line) for line in call("GET", f"/v1/batches/{batch}/results").decode().splitlines(keepends=False) if line]
print(json.dumps({"same": {line["key"]: line["result"]["json"] == values[line["key"]] for line in results}}))
