"""Writes known-answers.json: calls signed by botocore, the reference the AWS CLI uses.

Run with botocore 1.43: python known-answers.py > known-answers.json
"""

import datetime
import json
from unittest import mock

import botocore
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SIGNED_AT = datetime.datetime(2026, 1, 31, 12, 0, 0, tzinfo=datetime.timezone.utc)
KEYS = {
    "accessKeyId": "AKIDEXAMPLE",
    "secretAccessKey": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
}
SESSION = {**KEYS, "sessionToken": "AQoDYXdzEPT//////////wEXAMPLE=="}
HOST = "https://a1b2c3.execute-api.eu-central-1.amazonaws.com"

CALLS = [
    ("a call without anything", KEYS, "GET", f"{HOST}/v1/status", {}, None),
    ("a query", KEYS, "GET", f"{HOST}/v1/requests?status=queued&limit=20&cursor=a%2Fb%2Bc%3D%3D", {}, None),
    ("a query out of order", KEYS, "GET", f"{HOST}/v1/requests?z=1&a=2&Z=3", {}, None),
    ("a name that is in the query twice", KEYS, "GET", f"{HOST}/v1/requests?a=2&a=1", {}, None),
    ("a path that is encoded", KEYS, "GET", f"{HOST}/v1/requests/order%2017%2F%C3%BC?source=%2Fshop%20one", {}, None),
    ("a stage and a port", KEYS, "GET", "http://localhost:4566/_aws/execute-api/abc/$default/v1/status", {}, None),
    (
        "a body",
        KEYS,
        "POST",
        f"{HOST}/v1/requests",
        {"content-type": "application/json", "idempotency-key": "order 17", "prefer": "wait=20"},
        '{"x":"ü"}',
    ),
    ("an empty body", KEYS, "POST", f"{HOST}/v1/requests/r/cancel", {}, ""),
    ("a session", SESSION, "GET", f"{HOST}/v1/requests/r", {}, None),
    ("a session and a body", SESSION, "POST", f"{HOST}/v1/uploads", {"content-type": "application/json"}, "{}"),
]


def request_of(method, url, headers, body):
    return AWSRequest(method=method, url=url, headers=headers, data=body.encode() if body else None)


def known_answer(call):
    name, keys, method, url, headers, body = call
    credentials = Credentials(keys["accessKeyId"], keys["secretAccessKey"], keys.get("sessionToken"))
    signed = request_of(method, url, headers, body)
    auth.SigV4Auth(credentials, "execute-api", "eu-central-1").add_auth(signed)
    presigned = request_of(method, url, {}, None)
    auth.SigV4QueryAuth(credentials, "execute-api", "eu-central-1", expires=300).add_auth(presigned)
    # In a query botocore keeps one value of a name only: that is no answer to learn from.
    names = [pair.split("=")[0] for pair in url.partition("?")[2].split("&")]
    in_query = {"presigned": presigned.url} if len(set(names)) == len(names) else {}
    added = {name.lower(): value for name, value in signed.headers.items() if name.lower() not in headers}
    return {
        "name": name,
        "credentials": keys,
        "call": {"method": method, "url": url, "headers": headers, **({} if body is None else {"body": body})},
        "signed": added,
        **in_query,
    }


def main():
    with mock.patch.object(auth, "get_current_datetime", lambda *_, **__: SIGNED_AT.replace(tzinfo=None)):
        answers = [known_answer(call) for call in CALLS]
    document = {
        "source": f"botocore {botocore.__version__}",
        "region": "eu-central-1",
        "signedAt": SIGNED_AT.isoformat(),
        "answers": answers,
    }
    print(json.dumps(document, indent=2, ensure_ascii=False))


main()
