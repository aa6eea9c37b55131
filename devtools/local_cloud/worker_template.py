"""A process that has loaded the libraries of a Python function; a worker is a fork of it.

    python -P worker_template.py FD

FD is a socket of type SOCK_SEQPACKET. A request is JSON with the worker's `program`, `cwd` and `environment`,
and carries the worker's stdin, stdout and stderr. The response is the worker's process id. The template ends
when the other side of the socket is closed. It imports nothing of this repository: a worker must find only
what its function brings.
"""

import functools
import gc
import json
import os
import runpy
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, Final

# Of a request. An environment has some kilobytes.
MOST_BYTES: Final = 100_000
_STANDARD_STREAMS: Final = 3
# What most of a start goes to. What a function needs besides, it loads itself.
_SERVICES: Final = ("dynamodb", "events", "sns", "sqs")


def main() -> None:
    """Fork workers until the other side of the socket is closed."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    _load()
    # Nobody waits for a worker here: the local cloud sees its end by a pidfd.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        request, streams, _, _ = socket.recv_fds(channel, MOST_BYTES, _STANDARD_STREAMS)
        if not request:
            return
        worker = os.fork()
        if not worker:
            channel.close()
            _work(streams, **json.loads(request))
        for stream in streams:
            os.close(stream)
        channel.send(str(worker).encode())


def _load() -> None:
    import aws_lambda_powertools.event_handler  # noqa: F401, PLC0415  functions need not have it
    import botocore.loaders  # noqa: PLC0415  as above
    import botocore.session  # noqa: PLC0415  as above

    read = botocore.loaders.JSONFileLoader().load_file
    # The descriptions of the services, which take as long as the libraries.
    botocore.loaders.JSONFileLoader.load_file = staticmethod(functools.cache(read))
    session = botocore.session.Session()
    for service in _SERVICES:
        session.create_client(service, region_name="us-east-1")
    del session
    gc.collect()
    gc.freeze()


def _work(streams: list[int], *, program: str, cwd: str, environment: dict[str, str]) -> None:
    """Be the worker, and end. Its memory is as that of `python PROGRAM`, with more modules loaded."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = _text(0, "r"), _text(1, "w")
    sys.stderr = _text(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program]
    sys.path.insert(0, str(Path(program).parent))
    try:
        runpy.run_path(program, run_name="__main__")
    except SystemExit:
        pass
    except BaseException:  # noqa: BLE001  as Python itself does
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _text(number: int, mode: str, **options: Any) -> Any:
    return open(number, mode, encoding="utf-8", closefd=False, **options)


if __name__ == "__main__":
    main()
