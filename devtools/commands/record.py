"""Records the scenarios of the workflow; the tests replay them."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Annotated

import typer
from rich.text import Text

from devtools.checkout import REPOSITORY
from devtools.drawing.pictures import draw_again, drawn_files
from devtools.recording.recording import Recording
from devtools.recording.script_recorder import record_script
from devtools.recording.scripts.catalogue import all_scripts
from devtools.recording.scripts.script import Script
from devtools.recording.session import Session
from devtools.recording.stack_recorder import StackRecorder
from devtools.recording.stack_scenarios import STACK_SCENARIOS, StackScenario
from orderctl.errors import OperatorError
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, progress, step


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
    Scenarios written by hand are only replayed, and need no stack. All that can't be recorded are
    listed at the end. Without a name, recordings without a scenario are removed, and the pictures of
    the documents are drawn again.
    """
    scripts = all_scripts()
    known = [*(scenario.name for scenario in STACK_SCENARIOS), *scripts]
    names = _chosen(scenarios or [], known)
    session = Session()
    on_a_stack = [scenario for scenario in STACK_SCENARIOS if scenario.name in names]
    _record_on_a_stack(session, on_a_stack, partial(find_stack, stack_name, profile, region))
    _record_by_hand(session, {name: script for name, script in scripts.items() if name in names})
    if not scenarios:
        session.remove_others(known)
    for line in session.summary():
        output.print(line, markup=False)
    if not scenarios:
        _draw_again(session)
    session.raise_failures()


def _chosen(names: list[str], known: list[str]) -> list[str]:
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OperatorError(
            f"There is no scenario {', '.join(unknown)}", what_to_do=f"There are: {', '.join(known)}."
        )
    return names or known


def _record_on_a_stack(
    session: Session, scenarios: Collection[StackScenario], stack: Callable[[], Stack]
) -> None:
    if not scenarios:
        return
    try:
        recorder = StackRecorder(stack())
    except OperatorError as error:
        session.fail([scenario.name for scenario in scenarios], error)
        return
    for scenario in scenarios:
        if not session.record(scenario.name, partial(_record, recorder, scenario)):
            progress.print(Text(f"✗ {scenario.name}: not recorded", "red"))


def _record(recorder: StackRecorder, scenario: StackScenario) -> Recording:
    with step(f"{scenario.name}: {scenario.description}"):
        return recorder.record(scenario)


def _record_by_hand(session: Session, scripts: Mapping[str, Script]) -> None:
    if not scripts:
        return
    with step(f"{len(scripts)} written by hand"):
        for name, script in scripts.items():
            session.record(name, partial(record_script, script))


def _draw_again(session: Session) -> None:
    for file, draw_file in drawn_files().items():
        name = str(file.relative_to(REPOSITORY))
        try:
            if draw_again(file, draw_file):
                output.print(f"drawn again: {name}", markup=False)
        except OperatorError as error:
            session.fail([name], error)
