"""Runs MiniStack for as long as standard input stays open.

The parent process holds the other end. When that end closes, on purpose or because the parent died, every process
of this process group ends: MiniStack and the Node processes that run its functions. Temporary files, such as the
code of functions, are in the working directory and are removed.
"""

import os
import shutil
import signal
import tempfile
import threading
from types import FunctionType

temporary = tempfile.mkdtemp(prefix="ministack-", dir=os.getcwd())
# MiniStack writes its worker script here, next to a function's code. In a folder of this name Node reads the script as
# CommonJS, whatever the project's package.json says, and doesn't warn in the function's log that it calls url.parse().
os.environ["TMPDIR"] = tempfile.tempdir = os.path.join(temporary, "node_modules")
os.mkdir(tempfile.tempdir)
# For a private key that it makes.
os.environ["STATE_DIR"] = temporary


def end_with_starter():
    while os.read(0, 1):
        pass
    shutil.rmtree(temporary, ignore_errors=True)
    if os.name == "posix":
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


if os.name == "posix":
    # A group of its own: Ctrl-C in the terminal is for the starter, which decides the order of things.
    os.setsid()
threading.Thread(target=end_with_starter, daemon=True).start()


def into_stream(write, key_of):
    """MiniStack 1.5.33 writes no stream record for a change by PartiQL, unlike DynamoDB."""

    def write_and_emit(table, parsed, *rest):
        partition, sort = key_of(table, parsed)
        before = table["items"].get(partition, {}).get(sort)
        result = write(table, parsed, *rest)
        after = table["items"].get(partition, {}).get(sort)
        if result[0] == 200 and after is not before:
            event = "MODIFY" if before else "INSERT"
            dynamodb._emit_stream_event(table["TableName"], event, before, after)
        return result

    return write_and_emit


def key_of_insert(table, parsed):
    item = parsed.get("item", {})
    item = item["M"] if set(item) == {"M"} else item
    names = table["pk_name"], table["sk_name"]
    return tuple(dynamodb._extract_key_val(item.get(name)) if name else "__no_sort__" for name in names)


def on_own_metric(evaluate):
    """MiniStack 1.5.33 evaluates an alarm on all metrics of its namespace and name, unlike CloudWatch, where dimensions are part of a metric."""

    def evaluate_own(alarm):
        dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
        own = {key: points for key, points in cloudwatch._metrics.items() if key[2] == dimensions}
        FunctionType(evaluate.__code__, {**vars(cloudwatch), "_metrics": own})(alarm)

    return evaluate_own


# Each batch of a queue runs in a process of this machine. A service allows hundreds at a time; more than the machine has
# room for exceed the timeout of their function, and are tried again until no attempt is left.
BATCHES_AT_A_TIME = 10


def with_room(concurrency_of):
    def concurrency_here(*mapping):
        return min(concurrency_of(*mapping), BATCHES_AT_A_TIME)

    return concurrency_here


try:
    # Only now: it looks at its environment, and starts threads, when it is imported.
    from ministack.app import main
    from ministack.services import cloudwatch, dynamodb, lambda_svc, scheduler

    cloudwatch._evaluate_alarm = on_own_metric(cloudwatch._evaluate_alarm)
    dynamodb._partiql_insert = into_stream(dynamodb._partiql_insert, key_of_insert)
    dynamodb._partiql_update = into_stream(
        dynamodb._partiql_update, lambda table, parsed: dynamodb._partiql_key_target(table, parsed)[:2]
    )
    lambda_svc._sqs_esm_concurrency = with_room(lambda_svc._sqs_esm_concurrency)
    # It looks for schedules that are due every 10 seconds.
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    main()
finally:
    shutil.rmtree(temporary, ignore_errors=True)
