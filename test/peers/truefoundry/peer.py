"""A client of TrueFoundry's async service: sends requests by its library, and reads outcomes with its models.

Reads a JSON object: {"broker": "nats" | "amqp", "url", "input", "output", "messages": [{…fields and body}]}. Prints what it
received for each message: the bytes as text, and the model's members.
"""

import asyncio
import json
import sys

import aio_pika
from async_processor import InputMessageV2, OutputMessage
from async_processor.amqp_pub_sub import AMQPInput
from async_processor.nats_pub_sub import NATSInput, NATSOutput
from async_processor.types import AMQPInputConfig, NATSInputConfig, NATSOutputConfig


def serialized(message):
    return json.dumps(InputMessageV2(**message).dict()).encode()


def read(text):
    return {"text": text, "read": json.loads(OutputMessage(**json.loads(text)).json())}


async def over_nats(given):
    config = NATSInputConfig(
        nats_url=given["url"],
        root_subject=given["input"],
        consumer_name="coatcheck",
        stream_name=given["input"],
    )
    output = NATSOutput(NATSOutputConfig(nats_url=given["url"], root_subject=given["output"]))
    received = []
    async with NATSInput(config) as sender, output:
        for message in given["messages"]:
            request_id = message["tfy_request_id"]
            await sender.publish_input_message(serialized(message), request_id)
            received.append([read((await output.get_output_message(request_id, timeout=20)).decode())])
        await sender._nc.close()
    return received


async def over_amqp(given):
    connection = await aio_pika.connect(given["url"])
    queue = await (await connection.channel()).get_queue(given["output"])
    received = []
    async with AMQPInput(AMQPInputConfig(url=given["url"], queue_name=given["input"])) as sender:
        async with queue.iterator(timeout=20) as outcomes:
            for message in given["messages"]:
                await sender.publish_input_message(serialized(message), message.get("tfy_request_id"))
                texts = []
                while len(texts) < given.get("count", 1):
                    outcome = await outcomes.__anext__()
                    await outcome.ack()
                    texts.append(read(outcome.body.decode()))
                received.append(texts)
    await connection.close()
    return received


given = json.load(sys.stdin)
over = {"nats": over_nats, "amqp": over_amqp}[given["broker"]]
json.dump(asyncio.run(over(given)), sys.stdout)
