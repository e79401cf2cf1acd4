"""Reads CloudEvents with the Python SDK: a JSON array of events as text in, what the SDK read of each out."""

import base64
import json
import sys

from cloudevents.core.formats.json import JSONFormat


def read(text):
    try:
        event = JSONFormat().read(None, text)
        data = event.get_data()
        if not isinstance(data, bytes):
            data = JSONFormat().write_data(data, event.get_datacontenttype())
        return {"dataContentType": event.get_datacontenttype(), "data": base64.b64encode(data).decode()}
    except Exception as error:
        return {"error": repr(error)}


print(json.dumps([read(text) for text in json.load(sys.stdin)]))
