"""Runs orderctl in many processes, each of which has orderctl's libraries loaded, but nothing of orderctl.

To load them takes most of the time of a short command.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# What the shell calls.
SCRIPT: Final = Path(sys.executable).with_name("orderctl")
_PROGRAM: Final = """
import json, os, runpy, sys, tempfile
import gc, boto3.dynamodb.types, rich.live, rich.table, typer.completion, typer.main, typer.rich_utils
assert not any(name.partition(".")[0] in {"orderctl", "handlers"} for name in sys.modules)
script, *calls = json.load(sys.stdin)
ended = []
# Or each child would copy all memory, to find that nothing of it is garbage.
gc.freeze()
for arguments, variables in calls:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            os.dup2(out.fileno(), 1)
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
class Ended:
    """How one process ended, and what it wrote."""

    code: int
    stdout: str
    stderr: str


def orderctl_each(calls: Sequence[tuple[Sequence[str], Mapping[str, str]]]) -> list[Ended]:
    """Run the script orderctl once for each list of arguments, with further environment variables."""
    ran = subprocess.run(  # noqa: S603  our own code
        [sys.executable, "-c", _PROGRAM],
        input=json.dumps([str(SCRIPT), *calls]),
        check=True,
        capture_output=True,
        text=True,
    )
    return [Ended(*each) for each in json.loads(ran.stdout)]
