"""Records the scenarios of the workflow; the tests replay them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated

import typer

from devtools.recording.recording import Recording
from devtools.recording.script_recorder import record_script
from devtools.recording.scripts.catalogue import all_scripts
from devtools.recording.stack_recorder import StackRecorder
from devtools.recording.stack_scenarios import STACK_SCENARIOS
from orderctl.errors import OperatorError
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, step

Recordable = tuple[str, str, Callable[[], Recording]]
"""A scenario's name, its description, and how to record it."""


def record(
    scenarios: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="All, when none is named.")
    ] = None,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Record what the workflow does in each scenario, into tests/workflow/recordings.

    This places orders and breaks services on the deployed stack: choose a stack that nobody uses.
    Scenarios written by hand are only replayed, and need no stack.
    """
    names = _chosen(scenarios or [])
    changed = 0
    for name, description, make in _recordables(names, partial(find_stack, stack_name, profile, region)):
        with step(f"{name}: {description}"):
            recording = make()
        changed += recording.write()
    output.print(f"{len(names)} recorded, {changed} of them changed")


def _chosen(names: list[str]) -> list[str]:
    known = [*(scenario.name for scenario in STACK_SCENARIOS), *all_scripts()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OperatorError(
            f"There is no scenario {', '.join(unknown)}", what_to_do=f"There are: {', '.join(known)}."
        )
    return names or known


def _recordables(names: list[str], stack: Callable[[], Stack]) -> Iterator[Recordable]:
    on_a_stack = [scenario for scenario in STACK_SCENARIOS if scenario.name in names]
    if on_a_stack:
        recorder = StackRecorder(stack())
        for scenario in on_a_stack:
            yield scenario.name, scenario.description, partial(recorder.record, scenario)
    for name, script in all_scripts().items():
        if name in names:
            yield name, script.description, partial(record_script, script)
