"""Sends and receives with kombu and Celery, at the AWS that the environment names.

"send QUEUE_URL" sends one message of each kind. "receive QUEUE_URL COUNT" prints a JSON array of what a consumer of kombu sees.
"""

import json
import os
import sys
from urllib.parse import urlsplit

from celery import Celery
from kombu import Connection, Producer, Queue

mode, url, count = sys.argv[1:]
name = url.rsplit("/", 1)[1]
credentials = {
    "access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
    "secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
}
options = {
    "region": os.environ["AWS_REGION"],
    "is_secure": False,
    "wait_time_seconds": 1,
    "predefined_queues": {name: {"url": url, **credentials}},
}
broker = "sqs://{access_key_id}:{secret_access_key}@{host}".format(
    **credentials, host=urlsplit(os.environ["AWS_ENDPOINT_URL"]).netloc
)

with Connection(broker, transport_options=options) as connection:
    channel = connection.channel()
    if mode == "send":
        producer = Producer(channel, routing_key=name)
        producer.publish({"x": 6}, serializer="json", headers={"n": 5}, message_id="kombu-json")
        producer.publish("plain text", message_id="kombu-text")
        producer.publish(b"\x00\xff", message_id="kombu-bytes")
        producer.publish({"x": 6}, serializer="json", compression="gzip", message_id="kombu-compressed")
        app = Celery(broker=broker)
        app.conf.update(broker_transport_options=options, task_default_queue=name)
        app.send_task("orders.place", args=[6], task_id="celery-task")
    else:
        queue = Queue(name, channel=channel)
        bodies = []
        while len(bodies) < int(count):
            if message := queue.get(no_ack=True):
                bodies.append(message.payload)
        print(json.dumps(bodies))
