"""Rehearse all failures on a local cloud of its own: alarms, runbook, and what came of it."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.gameday.alarms import Alarms
from devtools.gameday.play import play
from devtools.gameday.runbook import runbook
from devtools.gameday.scenario import Day, Result, Scenario
from devtools.gameday.scenarios import SCENARIOS
from devtools.gameday.shop import Shop
from devtools.gameday.system import System
from devtools.gameday.view import commands_run, failures, notes, results_table
from devtools.gameday.watch import Watch
from devtools.local_cloud.cloud import start_local_cloud, stop_local_cloud
from devtools.local_cloud.folder import Folder
from handlers.contract.names import PaymentProvider, Stage
from orderctl.display.layout import print_parts
from orderctl.errors import OperatorError
from orderctl.terminal import output, print_error, say, step

HOME: Final = REPOSITORY / ".local" / "gameday"
# A minute of CloudWatch and of a schedule, in seconds.
MINUTE: Final = 1.0
# After so long without progress the sweeper emits an order again: longer than the retries of a step.
_SWEEP_AFTER_SECONDS: Final = 12
_CLOCK: Final = (
    f"A minute of CloudWatch lasts {MINUTE:g} s here, and the sweeper runs as often. It takes an order up "
    f"after {_SWEEP_AFTER_SECONDS} s. Ages in seconds count sixtyfold. No threshold of an alarm is changed."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when each alarm rang and the runbook ended it, else 1."""
    # A stopped job must stop its local cloud too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="python -m devtools.gameday", description=__doc__)
    parser.add_argument("--alarm", help="only the failures that ring this alarm")
    given = parser.parse_args(arguments)
    os.environ |= {"ORDERCTL_HOME": str(HOME), "ORDERCTL_SCHEDULE_MINUTE": f"{MINUTE:g}"}
    try:
        alarms = alarms_of_prod()
        chosen = _chosen(alarms, given.alarm)
        with _day(alarms) as day:
            results = _play_all(day, chosen)
    except OperatorError as error:
        print_error(error)
        return 1
    except KeyboardInterrupt:
        say("Interrupted: the local cloud of the game day is stopped.")
        return 130
    return _report(results, alarms)


def alarms_of_prod() -> Alarms:
    """Synthesize the stage prod, and return its alarms."""
    # The CDK takes a second to load.
    from devtools.templates import template  # noqa: PLC0415
    from infrastructure.config import StageConfig  # noqa: PLC0415

    config = StageConfig.for_stage(Stage.PROD, payment_gateway=PaymentProvider.SIMULATED)
    with step("the alarms of prod"), TemporaryDirectory() as folder:
        return Alarms.from_template(template(config, Path(folder)), config.stack_name)


@contextmanager
def _day(alarms: Alarms) -> Iterator[Day]:
    folder = Folder.from_root(HOME)
    stop_local_cloud(folder)
    stack = start_local_cloud(folder, enforce_iam=True)
    system = System(stack)
    say(_CLOCK)
    try:
        with system.variables("sweeper", {"SWEEP_AFTER_SECONDS": str(_SWEEP_AFTER_SECONDS)}):
            watch = Watch(system, alarms, folder.server_log, minute=MINUTE)
            yield Day(system=system, shop=Shop(stack, watch.note), watch=watch)
    finally:
        stop_local_cloud(folder)


def _chosen(alarms: Alarms, name: str | None) -> list[Scenario]:
    if name and name not in alarms.names:
        raise OperatorError(
            f"There is no alarm {name}", what_to_do=f"Use one of {', '.join(sorted(alarms.names))}."
        )
    return [each for each in SCENARIOS if name is None or name in alarms.with_composites(each.alarms)]


def _play_all(day: Day, scenarios: Sequence[Scenario]) -> list[Result]:
    entries = runbook()
    results = []
    for scenario in scenarios:
        with step(scenario.title):
            results.append(play(day, scenario, entries))
        for failure in results[-1].failures:
            say(f"  ✗ {failure}")
    return results


def _report(results: Sequence[Result], alarms: Alarms) -> int:
    rehearsed = frozenset().union(*(result.expected for result in results))
    print_parts("", results_table(results), "", *commands_run(results), "")
    for note in notes(alarms.names - rehearsed):
        output.print(note)
    if found := failures(results):
        print_error(OperatorError("Not everything went as the runbook says", what_to_do="\n".join(found)))
        return 1
    output.print("Every alarm rang, and the runbook ended it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
