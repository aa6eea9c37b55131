"""The layout library ELK, in one Node.js process for all drawings of this process."""

import atexit
import json
import subprocess
import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from devtools.checkout import REPOSITORY
from orderctl.errors import OperatorError

Json = dict[str, Any]

NODE: Final = Path(sys.executable).parent / "node"
ELK: Final = REPOSITORY / "node_modules" / "elkjs"
_PROGRAM: Final = Path(__file__).with_name("elk.mjs")


def place(graph: Json) -> Json:
    """Return an ELK graph with the coordinates of everything in it.

    Raises OperatorError if Node.js or ELK is not installed.
    """
    placed: Json = json.loads(_placed(json.dumps(graph)) or '{"error": "ELK ended"}')
    if "error" in placed:
        raise RuntimeError(placed["error"])
    return placed


@lru_cache(maxsize=16)  # a layout takes a second or more, and all recordings have the same one
def _placed(graph: str) -> str:
    process = _process()
    if not process.stdin or not process.stdout:
        raise RuntimeError("the process has no pipes")
    process.stdin.write(f"{graph}\n")
    process.stdin.flush()
    return process.stdout.readline()


@cache
def _process() -> subprocess.Popen[str]:
    process = start()
    atexit.register(process.communicate)  # it exits when its input is closed
    return process


def start() -> subprocess.Popen[str]:
    """Start a process that lays out a graph for each line it reads."""
    for needed in (NODE, ELK):
        if not needed.exists():
            raise OperatorError(
                "can't draw", why=f"{needed.name} is missing", what_to_do="Run `make install`."
            )
    return subprocess.Popen([NODE, _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
