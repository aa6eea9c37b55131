"""orderctl needs the development tools for its development commands, and for nothing else."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest
from orderctl.commands.development import ENTRY_POINT_GROUP, SUMMARIES

NEVER_FOR_HELP = {
    "aws_cdk",
    "aws_lambda_powertools",
    "constructs",
    "devtools",
    "infrastructure",
    "ministack",
    "moto",
    "uvicorn",
}
PRINT_MODULES_AFTER_HELP = """
import sys
from orderctl.main import app
try:
    app(["--help"])
except SystemExit as end:
    assert end.code == 0
print(*sys.modules, file=sys.stderr)
"""
UP_WITHOUT_DEVTOOLS = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "devtools":
            raise ModuleNotFoundError(f"No module named {name!r}")

sys.meta_path.insert(0, Blocker())
from orderctl.main import app
app(["up"])
"""


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  ours
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )


def test_help_lists_the_development_commands_and_imports_no_development_library() -> None:
    shown = _run(PRINT_MODULES_AFTER_HELP)

    imported = {name.partition(".")[0] for name in shown.stderr.split()}
    assert set(SUMMARIES) <= set(shown.stdout.split())
    assert "boto3" in imported
    assert imported & NEVER_FOR_HELP == set()


def test_the_installed_development_commands_are_those_that_orderctl_lists() -> None:
    installed = [entry_point.name for entry_point in entry_points(group=ENTRY_POINT_GROUP)]

    assert sorted(installed) == sorted(SUMMARIES) == ["demo", "down", "draw", "record", "up"]


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_summary_of_a_development_command_is_the_first_sentence_of_its_docstring(name: str) -> None:
    (entry_point,) = entry_points(group=ENTRY_POINT_GROUP, name=name)

    command = entry_point.load()

    assert command.__doc__.partition("\n")[0] == SUMMARIES[name]


def test_without_the_development_tools_up_says_how_to_get_them() -> None:
    said = _run(UP_WITHOUT_DEVTOOLS)

    assert said.returncode == 1
    assert said.stderr.startswith("error: `orderctl up` needs the development tools: No module named")
    assert "make install" in said.stderr
    assert "Traceback" not in said.stderr
