"""Runs orderctl in many processes, each of which has orderctl's libraries loaded, but nothing of orderctl.

To load them takes most of the time of a short command.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# What the shell calls.
SCRIPT: Final = Path(sys.executable).with_name("orderctl")
_PROGRAM: Final = """
import json, os, runpy, sys, tempfile
import gc, boto3.dynamodb.types, rich.live, rich.table
import typer._adapters, typer.completion, typer.main, typer.rich_utils
assert not any(name.partition(".")[0] in {"orderctl", "handlers"} for name in sys.modules)
script, *calls = json.load(sys.stdin)
ended = []
# Or each child would copy all memory, to find that nothing of it is garbage.
gc.freeze()
for arguments, variables, stdout in calls:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno() if stdout is None else stdout, 1)
            os.dup2(err.fileno(), 2)
            os.environ.update(variables)
            sys.argv = [script, *arguments]
            runpy.run_path(script, run_name="__main__")
            sys.exit()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        ended.append([code, *(os.pread(file.fileno(), 1_000_000, 0).decode() for file in (out, err))])
print(json.dumps(ended))
"""


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one process, what differs in its environment, and a file of its own to write to."""

    arguments: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    stdout: int | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How one process ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


def orderctl_each(calls: Sequence[Call], **variables: str) -> list[Ended]:
    """Run the script orderctl once for each call; `variables` are there when the libraries are loaded."""
    # Without a buffer, nothing would be left to write when a process ends.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    each = [(call.arguments, call.variables, call.stdout) for call in calls]
    ran = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([str(SCRIPT), *each]),
        check=True,
        capture_output=True,
        text=True,
        env=environment | variables,
        pass_fds=[call.stdout for call in calls if call.stdout is not None],
    )
    return [Ended(*ended) for ended in json.loads(ran.stdout)]
