#!/usr/bin/env bash
# async-processor deletes a message from its input queue even though its outcome was never written: the output queue was
# down for its four tries (about 1.5 s), or the result has no JSON form (a set). No outcome says so. TrueFoundry's
# documentation says that a message is acknowledged once its outcome is written, and delivered again after a failure.
set -euo pipefail
cd "$(mktemp -d)"
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check async-processor==1.0.0
cat > run.py <<'PY'
import asyncio
import importlib.metadata
import logging
import sys
from contextlib import asynccontextmanager

from async_processor import Input, InputConfig, Output, OutputConfig, Processor, WorkerConfig

logging.disable()
queue, outcomes, deleted = [], [], []


class Queue(Input):
    @asynccontextmanager
    async def get_input_message(self):
        message = queue.pop(0) if queue else None
        if message is None:
            await asyncio.sleep(0.01)
            yield None
            return
        try:
            yield message
        finally:
            deleted.append(message)

    async def publish_input_message(self, serialized_input_message, request_id):
        queue.append(serialized_input_message)


class Outcomes(Output):
    async def publish_output_message(self, serialized_output_message, request_id):
        if request_id == "down":
            raise ConnectionError("the output queue is down")
        outcomes.append(request_id)


class In(InputConfig):
    def to_input(self):
        return Queue()


class Out(OutputConfig):
    def to_output(self):
        return Outcomes()


class Handler(Processor):
    def process(self, input_message):
        return {1} if input_message.get_request_id() == "set" else 1


async def main():
    queue.extend(b'{"tfy_request_id":"%s"}' % name for name in [b"fine", b"down", b"set"])
    app = Handler().build_app(WorkerConfig(input_config=In(), output_config=Out()))
    async with app.router.lifespan_context(app):
        while len(deleted) < 3:
            await asyncio.sleep(0.05)
    print(f"async-processor {importlib.metadata.version('async-processor')}, Python {sys.version.split()[0]}")
    print(f"deleted:  {[message.decode() for message in deleted]}")
    print(f"outcomes: {outcomes}; expected one of each deleted message")
    return outcomes == ["fine"]


sys.exit(0 if asyncio.run(asyncio.wait_for(main(), 60)) else 1)
PY
python/bin/python run.py
