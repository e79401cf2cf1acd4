"""Reads and writes CloudEvents with the Python SDK.

"read": standard input is a JSON array of events as text, standard output is what the SDK read of each. "write": standard
output is events that the SDK wrote, as text.
"""

import base64
import json
import sys
from datetime import datetime, timezone

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

FORMAT = JSONFormat()


def read(text):
    try:
        event = FORMAT.read(CloudEvent, text)
    except Exception as error:
        return {"error": repr(error)}
    data = event.get_data()
    if data is not None and not isinstance(data, bytes):
        data = (data if isinstance(data, str) else json.dumps(data)).encode()
    return {
        "type": event.get_type(),
        "subject": event.get_subject(),
        "dataContentType": event.get_datacontenttype(),
        "extensions": {name: event.get_extension(name) for name in ("dataref", "tenant", "traceparent")},
        "data": None if data is None else base64.b64encode(data).decode(),
    }


def written(data=None, content_type=None):
    attributes = {
        "id": "python-1",
        "source": "/peers/python",
        "type": "order.placed",
        "specversion": "1.0",
        "time": datetime(2026, 11, 28, 12, tzinfo=timezone.utc),
    }
    if content_type:
        attributes["datacontenttype"] = content_type
    return FORMAT.write(CloudEvent(attributes, data)).decode()


if sys.argv[1] == "read":
    json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
else:
    json.dump(
        {
            "withoutData": written(),
            "json": written({"x": 2, "y": 3}, "application/json"),
            "text": written("hello", "text/plain"),
            "binary": written(bytes([0, 255, 254, 1]), "application/octet-stream"),
        },
        sys.stdout,
    )
