"""Measures what a developer waits for: `make up` after an edit, and the commands of orderctl.

It works on a copy of this checkout, with a local cloud of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.measurement import Measurement, seconds, show
from orderctl.api_client import OrdersApi
from orderctl.stack import Stack, local_stack
from orderctl.terminal import progress_bar

# The best of them is the least disturbed by other work on the machine.
RUNS: Final = 5
COMMAND_LIMIT_SECONDS: Final = 0.6
UNCHANGED_LIMIT_SECONDS: Final = 2.0
HANDLER_LIMIT_SECONDS: Final = 5.0
DEFINITION_LIMIT_SECONDS: Final = 8.0
_ORDER: Final = {
    "customerId": "cust-bench",
    "customerEmail": "bench@example.com",
    "paymentMethod": "pm_card_visa",
    "items": [{"productId": "85123A", "quantity": 1}],
}


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the checkout that uses its packages, and a local cloud of its own."""

    root: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Python imports the copy, not the checkout that is installed."""
        home = str(self.root / ".local")
        return {**os.environ, "PYTHONPATH": str(self.root), "ORDERCTL_HOME": home, "CALLER_PATH": ""}

    def run(self, *command: str) -> float:
        """Run a command in the copy, and return how many seconds it took."""
        return seconds(
            lambda: subprocess.run(
                command, cwd=self.root, env=self.environment, capture_output=True, check=True
            )
        )

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace the first occurrence of a text in a file."""
        file = self.root / name
        file.write_text(file.read_text().replace(old, new, 1))


def main() -> int:
    """Measure everything; return 1 if a value exceeds its limit."""
    with _copy() as copy:
        copy.run("make", "up")
        try:
            measured = [*_ups(copy), *_commands(copy)]
        finally:
            copy.run("make", "down")
    show(measured)
    return 0 if all(each.is_within_limit for each in measured) else 1


@contextmanager
def _copy() -> Iterator[Copy]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607  any git
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in listed.splitlines():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, root / name)
        for name in (".venv", "node_modules"):
            (root / name).symlink_to(REPOSITORY / name)
        yield Copy(root)


def _ups(copy: Copy) -> Iterator[Measurement]:
    definition = "statemachines/order_workflow.asl.json"
    edits = {
        "nothing changed": ("app.py", '"""', '"""', UNCHANGED_LIMIT_SECONDS),
        "a handler changed": ("handlers/orders.py", '"""', '"""Edited. ', HANDLER_LIMIT_SECONDS),
        "the definition changed": (
            definition,
            '"Comment": "',
            '"Comment": "Edited. ',
            DEFINITION_LIMIT_SECONDS,
        ),
    }
    for what, (name, old, new, limit) in edits.items():
        runs = []
        with progress_bar(f"make up, {what}", RUNS) as done:
            for count in range(1, RUNS + 1):
                copy.edit(name, old, new)
                runs.append(copy.run("make", "up"))
                done(count)
        yield Measurement(what=f"make up, {what}", value=min(runs), limit=limit, unit="s")


def _commands(copy: Copy) -> Iterator[Measurement]:
    stack = local_stack(copy.root / ".local" / "stack.json")
    commands = list(_read_only_commands(_placed(stack)))
    with progress_bar("commands", len(commands)) as done:
        for count, command in enumerate(commands, start=1):
            best = min(
                copy.run(str(Path(sys.executable).with_name("orderctl")), *command) for _ in range(RUNS)
            )
            what = " ".join(("orderctl", *command))
            yield Measurement(what=what, value=best, limit=COMMAND_LIMIT_SECONDS, unit="s")
            done(count)


def _placed(stack: Stack) -> str:
    response = OrdersApi(stack).place(_ORDER, idempotency_key="bench-loop")
    return str(response.body["orderId"])


def _read_only_commands(order_id: str) -> Iterator[Sequence[str]]:
    yield ("--help",)
    yield ("status",)
    yield ("show", order_id)
    yield ("trace", order_id)
    yield ("orders", "--customer", _ORDER["customerId"])  # type: ignore[misc]  # a str
    yield ("stock", "show")
    yield ("dlq", "list")
    yield ("deploy",)


if __name__ == "__main__":
    sys.exit(main())
