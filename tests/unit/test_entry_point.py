"""The program orderctl as a shell runs it: its version and help, full disks, closed pipes and Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import IO

import pytest

from orderctl.command_list import COMMANDS, DEVELOPMENT_COMMANDS
from tests.orderctl_processes import Ended, orderctl_each

# Select Graphic Rendition with a colour of the text or of its background.
COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3|4|9|10)[0-8]")
WITH_HELP = [(), *((name,) for name in (*COMMANDS, *DEVELOPMENT_COMMANDS)), ("stock", "set")]
ORDERCTL = [sys.executable, "-m", "orderctl"]
NOT_WRITABLE = [((os.devnull, "rb"), "Bad file descriptor")]
if Path("/dev/full").exists():  # not on macOS
    NOT_WRITABLE.append((("/dev/full", "wb"), "No space left on device"))
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


def orderctl(
    *arguments: str, stdout: int | IO[bytes] = subprocess.PIPE, **variables: str
) -> "subprocess.CompletedProcess[str]":
    # Without a buffer, nothing would be left to write when the program ends.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(  # noqa: S603  fixed
        [*ORDERCTL, *arguments],
        check=False,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        env=environment | variables,
    )


def test_the_version_is_that_of_the_package() -> None:
    shown = orderctl("--version")

    assert (shown.returncode, shown.stdout, shown.stderr) == (
        0,
        f"orderctl {version('order-processing')}\n",
        "",
    )


@pytest.fixture(scope="module")
def helps() -> dict[tuple[str, ...], Ended]:
    """What each command shows with `-h`."""
    return dict(zip(WITH_HELP, orderctl_each([((*each, "-h"), {}) for each in WITH_HELP]), strict=True))


@pytest.mark.parametrize("command", WITH_HELP)
def test_every_command_has_a_short_option_for_its_help(
    helps: dict[tuple[str, ...], Ended], command: tuple[str, ...]
) -> None:
    shown = helps[command]

    assert (shown.code, shown.stderr) == (0, "")
    assert f"Usage: orderctl {' '.join(command)}".strip() in shown.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("stock", "--help"), ("no-such-command",)])
def test_no_color_switches_off_the_colours(arguments: tuple[str, ...]) -> None:
    coloured = orderctl(*arguments, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="")
    plain = orderctl(*arguments, FORCE_COLOR="1", TERM="xterm-256color", NO_COLOR="1")

    assert COLOUR.search(coloured.stdout + coloured.stderr)
    assert not COLOUR.search(plain.stdout + plain.stderr)


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("stock", "--help")])
@pytest.mark.parametrize(("mode", "why"), NOT_WRITABLE)
def test_an_output_that_can_not_be_written_is_one_line(
    mode: tuple[str, str], why: str, arguments: tuple[str, ...]
) -> None:
    with Path(mode[0]).open(mode[1]) as stdout:
        ended = orderctl(*arguments, stdout=stdout)

    assert ended.returncode == 1
    assert ended.stderr == f"error: The output can't be written: {why}\n"


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("stock", "--help")])
def test_a_closed_pipe_ends_the_command_silently(arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)

    with os.fdopen(write, "wb") as closed:
        ended = orderctl(*arguments, stdout=closed)

    assert (ended.returncode, ended.stderr) == (1, "")


@pytest.mark.parametrize("module", ["typer", "rich", "orderctl.main", "orderctl.commands.stock", "boto3"])
def test_ctrl_c_while_a_command_is_loaded_prints_no_traceback(module: str) -> None:
    ended = subprocess.run(  # noqa: S603  fixed
        [sys.executable, "-c", INTERRUPTED, module], check=False, capture_output=True, text=True
    )

    assert ended.returncode in {130, -signal.SIGINT}
    assert (ended.stdout, ended.stderr) == ("", "")
