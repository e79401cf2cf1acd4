"""A processor of async_processor, as its README shows it, on the queues of the kit."""

import json
import os
import time

from async_processor import Processor, WorkerConfig


class Job(Processor):
    def process(self, input_message):
        job = input_message.get_body()["job"]
        time.sleep(float(os.environ.get("LOSS_JOB_MILLISECONDS", "20")) / 1000)
        log = os.open(os.environ["LOSS_LOG"], os.O_WRONLY | os.O_APPEND)
        os.write(log, f"{job}\n".encode())
        os.close(log)
        return {"job": job, "square": job * job}


app = Job().build_app(worker_config=WorkerConfig(**json.loads(os.environ["LOSS_CONFIG"])))
