"""When the failure of a game day is over."""

from types import SimpleNamespace
from typing import Any, Final

import pytest

from devtools.gameday.evaluation import State
from devtools.gameday.play import _is_over

_ABOVE_ONE: Final = SimpleNamespace(comparison="GreaterThanThreshold", threshold=1.0)


def _watch(state: State, newest: float | None) -> Any:
    return SimpleNamespace(
        states={"Bad": state, "Composite": State.OK},
        alarms=SimpleNamespace(metric={"Bad": _ABOVE_ONE}),
        newest=lambda _: newest,
    )


@pytest.mark.parametrize(
    ("state", "newest", "is_over"),
    [
        pytest.param(State.ALARM, 0.0, False, id="it rings"),
        pytest.param(State.OK, 0.0, True, id="it does not ring and the metric is good"),
        pytest.param(State.OK, 2.0, False, id="too few datapoints let it ring, but they are bad"),
        pytest.param(State.INSUFFICIENT_DATA, None, True, id="there is no datapoint"),
    ],
)
def test_an_alarm_is_over_when_its_metric_is_good_again(
    state: State, newest: float | None, *, is_over: bool
) -> None:
    assert _is_over(_watch(state, newest), "Bad") is is_over


def test_a_composite_alarm_has_no_metric_of_its_own() -> None:
    assert _is_over(_watch(State.OK, None), "Composite")
