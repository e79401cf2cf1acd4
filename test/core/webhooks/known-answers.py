"""Writes known-answers.json: deliveries signed by the Python library of Standard Webhooks.

Run with standardwebhooks 1.1: python known-answers.py > known-answers.json
"""

import datetime
import json

from standardwebhooks.webhooks import Webhook

SECRETS = [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_" + "A" * 86 + "==",
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR",
]
DELIVERIES = [
    ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, '{"test": 2432232314}'),
    ("36c6e077fc34d1f8a8d305ddb825fd6c", 1_769_860_800, '{"type":"coatcheck.request.succeeded","data":{"id":"ü✓😀"}}'),
    ("7983d4bcff5b47af6f5da6d9b4003c9d", 1_769_860_801, '{"a":"\\u0000.\\n"}'),
]


def known_answer(secret, delivery):
    id, seconds, body = delivery
    at = datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc)
    return {"secret": secret, "id": id, "seconds": seconds, "body": body, "signature": Webhook(secret).sign(id, at, body)}


print(json.dumps([known_answer(secret, delivery) for secret in SECRETS for delivery in DELIVERIES], indent=2))
