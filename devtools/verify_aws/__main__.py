"""Deploy a stage of your own, test it end to end, report, and destroy it."""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from devtools.recording.stack_scenarios import STACK_SCENARIOS
from devtools.verify_aws.part import described
from devtools.verify_aws.plan import FOLDER, Plan, place_of
from devtools.verify_aws.report import passed, report
from devtools.verify_aws.run import verify
from devtools.verify_aws.works import StageWorks
from orderctl.errors import OperatorError
from orderctl.terminal import output, print_error, say


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 when everything is as it should be, else 1."""
    try:
        plan = _plan(arguments)
        for line in plan.lines():
            output.print(line, markup=False)
    except (OperatorError, BotoCoreError, ClientError) as error:
        print_error(described(error))
        return 1
    # A stopped job must destroy what it has deployed too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = datetime.now(UTC)
    parts = verify(StageWorks(plan).works())
    text = report(plan, parts, began)
    plan.report.write_text(text)
    output.print(f"\n{text}", markup=False)
    say(f"The report is in {plan.report}")
    return 0 if passed(parts) else 1


def _plan(arguments: Sequence[str] | None) -> Plan:
    names = [scenario.name for scenario in STACK_SCENARIOS]
    parser = argparse.ArgumentParser(prog="python -m devtools.verify_aws", description=__doc__)
    parser.add_argument("stage", help="a name of your own; the stage is deleted at the end")
    parser.add_argument("--keep", action="store_true", help="do not destroy the stage")
    parser.add_argument("--tests", metavar="EXPRESSION", help="only these tests, as with pytest -k")
    parser.add_argument("--scenario", action="append", choices=names, help="record only this one; repeatable")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of the report and the logs")
    given = parser.parse_args(arguments)
    chosen = given.scenario or names
    return Plan(
        place=place_of(given.stage),
        folder=given.folder.resolve(),
        keep=given.keep,
        tests=given.tests,
        scenarios=[scenario for scenario in STACK_SCENARIOS if scenario.name in chosen],
    )


if __name__ == "__main__":
    sys.exit(main())
