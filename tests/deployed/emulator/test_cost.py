"""The measured numbers of `orderctl cost` are those of the deployed app.

When it is red because an order uses more or less than before: `make bench-cost`.
"""

from collections.abc import Mapping

import pytest

from devtools.cost.deployed import DeployedStack
from devtools.cost.measuring import Measurer
from devtools.cost.scenarios import Case
from devtools.local_cloud.folder import Folder
from orderctl.cost.measured import Measured, Outcome, Usage
from orderctl.stack import Stack

# Durations, times and cold starts in a line have more or fewer digits.
_TOLERANCE = 0.02


@pytest.fixture(scope="module")
def measurer(local_stack: Stack, local_folder: Folder) -> Measurer:
    return Measurer(deployed=DeployedStack(local_stack, local_folder.requests_file))


@pytest.mark.parametrize("outcome", Outcome)
def test_an_order_of_three_lines_uses_what_was_measured(measurer: Measurer, outcome: Outcome) -> None:
    kept = Measured.read().of(outcome, 3)

    used = measurer.measure(Case(outcome=outcome, lines=3, prefix=f"T{list(Outcome).index(outcome):03}"))

    _expect_the_same(used, kept)


def test_the_largest_order_uses_what_was_measured(measurer: Measurer) -> None:
    kept = Measured.read().of(Outcome.CONFIRMED, 98)

    used = measurer.measure(Case(outcome=Outcome.CONFIRMED, lines=98, prefix="T100"))

    _expect_the_same(used, kept)


def test_a_sweep_uses_what_was_measured(measurer: Measurer) -> None:
    kept = Measured.read().sweep

    used = measurer.measure_sweep()

    assert used.calls == kept.calls
    assert used.read_units == kept.read_units


def test_the_definition_and_the_memory_are_those_that_were_measured(measurer: Measurer) -> None:
    kept = Measured.read()

    assert measurer.deployed.definition_bytes == pytest.approx(kept.definition_bytes, rel=_TOLERANCE)
    assert measurer.deployed.memory_megabytes == kept.memory_megabytes


def _expect_the_same(used: Usage, kept: Usage) -> None:
    # As in the file: JSON has lists where Python has tuples.
    assert Usage.from_json(used.to_json()).to_json()["counts"] == kept.to_json()["counts"]
    for name, size in _sizes(used).items():
        assert size == pytest.approx(_sizes(kept)[name], rel=_TOLERANCE), name
    assert _sizes(used).keys() == _sizes(kept).keys()


def _sizes(usage: Usage) -> Mapping[str, float]:
    sizes = usage.to_json()["sizes"]
    return {**sizes.pop("logs"), **sizes}
