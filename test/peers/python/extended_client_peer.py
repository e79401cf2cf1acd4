"""Sends and receives with the extended client of Python, at the AWS that the environment names.

"send QUEUE BUCKET": standard input is a JSON array of {body, attributes, isLarge}. "receive QUEUE BUCKET COUNT": standard
output is a JSON array of {body, attributes}, as a consumer sees them.
"""

import json
import sys

import boto3
import sqs_extended_client  # noqa: F401: it makes boto3's clients of SQS extended ones

mode, queue, bucket, *rest = sys.argv[1:]
sqs = boto3.client("sqs")
sqs.large_payload_support = bucket

if mode == "send":
    for message in json.load(sys.stdin):
        sqs.always_through_s3 = message["isLarge"]
        attributes = {
            name: {"DataType": "String", "StringValue": value} for name, value in message["attributes"].items()
        }
        sqs.send_message(QueueUrl=queue, MessageBody=message["body"], MessageAttributes=attributes)
else:
    received = []
    for _ in range(30):
        if len(received) >= int(rest[0]):
            break
        answer = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=2, MessageAttributeNames=["All"]
        )
        for message in answer.get("Messages", []):
            attributes = message.get("MessageAttributes", {})
            received.append(
                {
                    "body": message["Body"],
                    "attributes": {name: value["StringValue"] for name, value in attributes.items()},
                }
            )
    json.dump(received, sys.stdout)
