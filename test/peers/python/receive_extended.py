"""Receives a queue's messages with the SQS Extended Client until it has so many: ENDPOINT QUEUE_URL BUCKET COUNT."""

import json
import sys

import boto3
import sqs_extended_client  # noqa: F401, extends boto3's client

endpoint, queue_url, bucket, count = sys.argv[1:]
given = {
    "endpoint_url": endpoint,
    "region_name": "us-east-1",
    "aws_access_key_id": "test",
    "aws_secret_access_key": "test",
}
sqs = boto3.client("sqs", **given)
sqs.large_payload_support = bucket
sqs.use_legacy_attribute = False
sqs.s3_client = boto3.client("s3", **given)
received = []
while len(received) < int(count):
    answer = sqs.receive_message(
        QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
    )
    for message in answer.get("Messages", []):
        attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        received.append({"body": message["Body"], "attributes": attributes})
print(json.dumps(received))
