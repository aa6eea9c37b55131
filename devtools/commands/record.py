"""Records the workflow's scenarios, which the tests replay: record."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated

import typer

from devtools.recording.hand_recorder import record_by_hand
from devtools.recording.hand_written_scenarios import hand_written
from devtools.recording.recorder import Recorder
from devtools.recording.recording import Recording
from devtools.recording.scenarios import SCENARIOS
from orderctl.errors import OperatorError
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, step

Recordable = tuple[str, str, Callable[[], Recording]]
"""A scenario's name, what it says, and how to record it."""


def record(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="All, when none is named.")
    ] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Record what the workflow does in each scenario, into tests/workflow/recordings.

    Orders are placed, and services broken and mended, on the deployed stack: take one that nobody uses.
    Scenarios that are written by hand are replayed and need no stack.
    """
    names = _chosen(scenarios or [])
    changed = 0
    for name, says, make in _recordables(names, partial(find_stack, stack_name, profile, region)):
        with step(f"{name}: {says}"):
            recording = make()
        changed += recording.write()
    output.print(f"{len(names)} recorded, {changed} of them changed")


def _chosen(names: list[str]) -> list[str]:
    known = [*(scenario.name for scenario in SCENARIOS), *hand_written()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OperatorError(
            f"There is no scenario {', '.join(unknown)}", what_to_do=f"There are: {', '.join(known)}."
        )
    return names or known


def _recordables(names: list[str], stack: Callable[[], Stack]) -> Iterator[Recordable]:
    on_a_stack = [scenario for scenario in SCENARIOS if scenario.name in names]
    if on_a_stack:
        recorder = Recorder(stack())
        for scenario in on_a_stack:
            yield scenario.name, scenario.says, partial(recorder.record, scenario)
    for name, by_hand in hand_written().items():
        if name in names:
            yield name, by_hand.says, partial(record_by_hand, by_hand)
