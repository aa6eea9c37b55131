"""Measures what orders use on a local cloud of its own, and rewrites what is known of it."""

import sys
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

from devtools.checkout import REPOSITORY
from devtools.cost.document import DOCUMENT, rewrite
from devtools.cost.measuring import Measurer
from devtools.cost.own_cloud import own_local_cloud
from devtools.cost.scenarios import Case
from orderctl.cost.measured import MEASURED_FILE, Measured, Outcome, Usage
from orderctl.terminal import output, progress_bar

LINES: Final = (1, 3, 10, 98)
_PREFIX: Final = "K{:03}"


def main() -> int:
    """Measure everything, and write it into the file and the document."""
    cases = all_cases()
    with own_local_cloud() as deployed:
        measurer = Measurer(deployed=deployed)
        # What a function logs of its first invocation is a little longer.
        measurer.measure(Case(outcome=Outcome.CONFIRMED, lines=1, prefix="W000"))
        usages: dict[tuple[Outcome, int], Usage] = {}
        with progress_bar("orders", len(cases)) as done:
            for count, case in enumerate(cases, start=1):
                usages[case.outcome, case.lines] = measurer.measure(case)
                done(count)
        measured = Measured(
            date=datetime.now(UTC).date().isoformat(),
            engine=f"MiniStack {version('ministack')}, moto {version('moto')}",
            definition_bytes=deployed.definition_bytes,
            memory_megabytes=deployed.memory_megabytes,
            sweep=measurer.measure_sweep(),
            cases=usages,
        )
    measured.write()
    rewrite(measured)
    for file in (MEASURED_FILE, DOCUMENT):
        output.print(f"written: {file.relative_to(REPOSITORY)}", markup=False)
    return 0


def all_cases() -> list[Case]:
    """Return every outcome with every number of lines."""
    pairs = [(outcome, lines) for outcome in Outcome for lines in LINES]
    return [
        Case(outcome=outcome, lines=lines, prefix=_PREFIX.format(number))
        for number, (outcome, lines) in enumerate(pairs)
    ]


if __name__ == "__main__":
    sys.exit(main())
