"""
Uses the client that openapi-python-client generated into the folder FOLDER/client, as its own README does.
usage: submit_by_generated_client.py FOLDER BASE_URL
"""

import io
import json
import sys

folder, base_url = sys.argv[1:]
sys.path.insert(0, folder)

from client import Client  # noqa: E402
from client.api.default import get_result, open_upload, submit_request  # noqa: E402
from client.models import SubmitRequestJsonBody, UploadRequest  # noqa: E402
from client.types import File  # noqa: E402

with Client(base_url=base_url) as client:
    as_json = submit_request.sync(
        client=client,
        body=SubmitRequestJsonBody.from_dict({"x": 6, "text": "ü", "list": [1, None]}),
        prefer="wait=5",
        coatcheck_expires_at="2100-01-01T00:00:00Z",
    )
    as_bytes = submit_request.sync(
        client=client, body=File(payload=io.BytesIO(b"\x00\xff{}")), prefer="wait=5"
    )
    result = get_result.sync(as_json.id, client=client)
    ticket = open_upload.sync(client=client, body=UploadRequest(size=5))

print(
    json.dumps(
        {
            "statuses": [as_json.status, as_bytes.status],
            "result": result.payload.read().decode(),
            "upload": ticket.upload.method,
        }
    )
)
