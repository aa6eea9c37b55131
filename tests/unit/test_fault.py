"""The fault switch in the functions."""

import pytest

from handlers.adapters.fault_injection import inject_fault
from handlers.contract.fault import Fault, InvalidFault
from handlers.domain.errors import DependencyUnavailable, GatewayUnavailable


@pytest.fixture(autouse=True)
def _stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function has of its stage, for the metric."""
    monkeypatch.setenv("STAGE", "dev")


def _never_slept(seconds: float) -> None:
    raise AssertionError(f"slept {seconds} s")


def test_an_invocation_without_a_fault_succeeds() -> None:
    inject_fault(DependencyUnavailable, environment={}, sleep=_never_slept)


@pytest.mark.parametrize("error", [DependencyUnavailable, GatewayUnavailable])
def test_a_fault_raises_the_error_of_the_broken_dependency(error: type[DependencyUnavailable]) -> None:
    with pytest.raises(error, match="fault switch: rate=1") as raised:
        inject_fault(error, environment={"FAULT_INJECTION": "rate=1"}, sleep=lambda _: None)

    assert type(raised.value) is error


def test_the_rate_is_the_share_of_failed_invocations() -> None:
    draws = iter([0.0, 0.29, 0.3, 0.99])
    environment = {"FAULT_INJECTION": "rate=0.3"}

    failed = 0
    for _ in range(4):
        try:
            inject_fault(
                DependencyUnavailable,
                environment=environment,
                sleep=lambda _: None,
                draw=lambda: next(draws),
            )
        except DependencyUnavailable:
            failed += 1

    assert failed == 2


def test_no_invocation_fails_with_the_rate_0() -> None:
    assert not Fault(rate=0).fails(0.0)


def test_every_invocation_is_delayed_before_it_fails() -> None:
    slept: list[float] = []

    with pytest.raises(DependencyUnavailable):
        inject_fault(
            DependencyUnavailable,
            environment={"FAULT_INJECTION": "rate=1,latency=2.5"},
            sleep=slept.append,
        )

    assert slept == [2.5]


@pytest.mark.parametrize("fault", [Fault(), Fault(rate=0.3), Fault(rate=0, latency=0.25)])
def test_a_fault_that_is_written_and_read_is_the_same(fault: Fault) -> None:
    assert Fault.parse(str(fault)) == fault


@pytest.mark.parametrize(
    "text",
    ["", "on", "rate", "rate=", "rate=often", "rate=1.1", "rate=-1", "latency=nan", "chance=1", "rate=1,"],
)
def test_a_text_that_is_not_a_fault_is_refused(text: str) -> None:
    with pytest.raises(InvalidFault):
        Fault.parse(text)
