"""A task of Celery, as its documentation shows it, and a program that hands it in."""

import os
import sys
import time

from celery import Celery

app = Celery("loss", broker=os.environ["LOSS_URL"], backend=os.environ["LOSS_URL"])
app.conf.update(
    task_acks_late=os.environ["LOSS_ACKS_LATE"] == "1",
    # An hour by default; the other systems bring the messages of a killed worker back in this time.
    broker_transport_options={"visibility_timeout": 30},
)


@app.task(name="job")
def run_job(job):
    time.sleep(0.02)
    log = os.open(os.environ["LOSS_LOG"], os.O_WRONLY | os.O_APPEND)
    os.write(log, f"{job}\n".encode())
    os.close(log)
    return {"job": job, "square": job * job}


if __name__ == "__main__":
    for line in sys.stdin:
        job = int(line)
        try:
            run_job.apply_async([job], task_id=f"job-{job}", retry=False)
            print(f"accepted {job}", flush=True)
        except Exception as error:
            print(f"refused {job} {type(error).__name__}", flush=True)
