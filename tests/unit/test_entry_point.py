"""The program orderctl as a shell runs it: its version and help, full disks, closed pipes and Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import IO

import pytest

from orderctl.command_list import COMMANDS, DEVELOPMENT_COMMANDS
from tests.orderctl_processes import Call, Ended, orderctl_each

# Select Graphic Rendition with a colour of the text or of its background.
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3|4|9|10)[0-8]")
WITH_HELP = [(), *((name,) for name in (*COMMANDS, *DEVELOPMENT_COMMANDS)), ("stock", "set")]
WITHOUT_OUTPUT = [("--version",), ("--help",), ("stock", "--help")]
COLOURED = [("--help",), ("stock", "--help"), ("no-such-command",)]
NOT_WRITABLE = [((os.devnull, "rb"), "Bad file descriptor")]
if Path("/dev/full").exists():  # not on macOS
    NOT_WRITABLE.append((("/dev/full", "wb"), "No space left on device"))
# By the arguments, and what differs between two calls with the same.
ByCall = dict[tuple[tuple[str, ...], str], Ended]
# A command is interrupted while the named module is loaded.
INTERRUPTED = """
import os, signal, sys
MODULE = sys.argv[1]
signal.signal(signal.SIGINT, signal.default_int_handler)
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["orderctl", "stock", "show", "--stack", "Shop", "--region", "us-east-1"]
from orderctl.__main__ import main
main()
"""


def test_the_version_is_that_of_the_package() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "orderctl", "--version"], check=False, capture_output=True, text=True
    )

    assert (shown.returncode, shown.stdout, shown.stderr) == (
        0,
        f"orderctl {version('order-processing')}\n",
        "",
    )


@pytest.fixture(scope="module")
def ended() -> ByCall:
    """How each command ends, by its arguments and why it can't write its output, which may be ""."""
    calls = {((*each, "-h"), ""): Call((*each, "-h")) for each in WITH_HELP}
    read, write = os.pipe()
    os.close(read)
    with ExitStack() as opened:
        outputs: dict[str, IO[bytes]] = {"Broken pipe": opened.enter_context(os.fdopen(write, "wb"))}
        for (name, mode), why in NOT_WRITABLE:
            outputs[why] = opened.enter_context(Path(name).open(mode))
        for arguments in WITHOUT_OUTPUT:
            for why, file in outputs.items():
                calls[arguments, why] = Call(arguments, stdout=file.fileno())
        return dict(zip(calls, orderctl_each(list(calls.values())), strict=True))


@pytest.mark.parametrize("command", WITH_HELP)
def test_every_command_has_a_short_option_for_its_help(ended: ByCall, command: tuple[str, ...]) -> None:
    shown = ended[(*command, "-h"), ""]

    assert (shown.code, shown.stderr) == (0, "")
    assert f"Usage: orderctl {' '.join(command)}".strip() in shown.stdout


@pytest.fixture(scope="module")
def coloured() -> ByCall:
    """What a terminal shows, by the arguments and NO_COLOR."""
    calls = {
        (arguments, chosen): Call(arguments, {"NO_COLOR": chosen})
        for arguments in COLOURED
        for chosen in ("", "1")
    }
    shown = orderctl_each(list(calls.values()), FORCE_COLOR="1", TERM="xterm-256color")
    return dict(zip(calls, shown, strict=True))


@pytest.mark.parametrize("arguments", COLOURED)
def test_no_color_switches_off_the_colours(coloured: ByCall, arguments: tuple[str, ...]) -> None:
    bright, plain = (coloured[arguments, chosen] for chosen in ("", "1"))

    assert COLOUR.search(bright.stdout + bright.stderr)
    assert plain.stdout + plain.stderr
    assert not COLOUR.search(plain.stdout + plain.stderr)


@pytest.mark.parametrize("arguments", WITHOUT_OUTPUT)
@pytest.mark.parametrize("why", [why for _, why in NOT_WRITABLE])
def test_an_output_that_can_not_be_written_is_one_line(
    ended: ByCall, why: str, arguments: tuple[str, ...]
) -> None:
    shown = ended[arguments, why]

    assert shown.code == 1
    assert shown.stderr == f"error: The output can't be written: {why}\n"


@pytest.mark.parametrize("arguments", WITHOUT_OUTPUT)
def test_a_closed_pipe_ends_the_command_silently(ended: ByCall, arguments: tuple[str, ...]) -> None:
    shown = ended[arguments, "Broken pipe"]

    assert (shown.code, shown.stderr) == (1, "")


@pytest.mark.parametrize("module", ["typer", "rich", "orderctl.main", "orderctl.commands.stock", "boto3"])
def test_ctrl_c_while_a_command_is_loaded_prints_no_traceback(module: str) -> None:
    interrupted = subprocess.run(  # noqa: S603  fixed
        [sys.executable, "-c", INTERRUPTED, module], check=False, capture_output=True, text=True
    )

    assert interrupted.returncode in {130, -signal.SIGINT}
    assert (interrupted.stdout, interrupted.stderr) == ("", "")
