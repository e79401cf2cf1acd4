"""A taker: takes requests of `coatcheck serve` by HTTP, and counts the words of each. It needs nothing but Python."""

import base64
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

URL = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:4570"
KEY = os.environ.get("COATCHECK_TOKEN")
LEASE_SECONDS = 30

stopping = threading.Event()


class LeaseLost(Exception):
    """The lease ran out, or the request was cancelled: drop the job."""


def call(path, body, timeout=70):
    headers = {"content-type": "application/json"}
    if KEY:
        headers["authorization"] = f"Bearer {KEY}"
    request = urllib.request.Request(URL + "/v1/jobs/" + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            content = response.read()
            return json.loads(content) if content else None
    except urllib.error.HTTPError as error:
        if error.code == 409:
            raise LeaseLost from error
        raise


def payload_of(job):
    if "data" in job:
        data = job["data"]
        return data if isinstance(data, str) else json.dumps(data)
    if "dataBase64" in job:
        return base64.b64decode(job["dataBase64"]).decode()
    with urllib.request.urlopen(job["dataUrl"]) as response:
        return response.read().decode()


def handle(text):
    return {"words": len(text.split()), "characters": len(text)}


def keep(job, done):
    """Extends the lease while the job is handled."""
    while not done.wait(LEASE_SECONDS / 3):
        try:
            call(f"{job['lease']}/extend", {"leaseSeconds": LEASE_SECONDS})
        except LeaseLost:
            return
        except OSError:
            pass  # The next one may succeed.


def run(job):
    done = threading.Event()
    keeper = threading.Thread(target=keep, args=(job, done))
    keeper.start()
    try:
        try:
            result = handle(payload_of(job))
        except UnicodeDecodeError as error:
            call(f"{job['lease']}/fail", {"code": "text_invalid", "message": str(error)})
        else:
            call(f"{job['lease']}/ack", result)
    except LeaseLost:
        pass
    finally:
        done.set()
        keeper.join()


def main():
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stopping.set())
    while not stopping.is_set():
        try:
            for job in call("receive", {"waitSeconds": 5, "leaseSeconds": LEASE_SECONDS})["jobs"]:
                run(job)
        except OSError as error:
            print(error, file=sys.stderr)
            time.sleep(1)  # The service restarts, or is stopping.


if __name__ == "__main__":
    main()
