"""The savings and the chain of calls in docs/performance.md add up, and have the calls that were counted."""

import re
from collections import Counter
from typing import Final

import pytest

from devtools.cost.document import DOCUMENT
from orderctl.cost.measured import Measured, Outcome
from orderctl.cost.price_list import price_list

_TEXT: Final = DOCUMENT.read_text(encoding="utf-8")
_CALLS: Final = Measured.read().of(Outcome.CONFIRMED, 3).calls
# The functions of the chain, and how often an order invokes each: the chain has one of their invocations.
_INVOCATIONS: Final = {"orders": 1, "notification": 2, "payment": 2}


def _chain() -> list[tuple[str, int]]:
    """Return the numbered round trips with their milliseconds."""
    table = _TEXT.partition("| # | round trip |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| \d+ \| (.+?) \| (\d+) \|", table, re.MULTILINE)
    return [(hop, int(millis)) for hop, millis in rows]


def _milliseconds_of(name: str) -> int:
    """Return those of a row without a number."""
    (millis,) = re.findall(rf"^\| \| {re.escape(name)} \| \**(\d+)\** \|", _TEXT, re.MULTILINE)
    return int(millis)


def test_the_savings_are_the_difference_of_the_two_bills() -> None:
    ((before, after),) = re.findall(r"\*\*([\d.]+) before, ([\d.]+) after\*\*", _TEXT)
    table = _TEXT.partition("| done | saves |")[2].partition("\n\n")[0]

    saved = [float(dollars) for dollars in re.findall(r"^\| .+? \| ([\d.]+) \|", table, re.MULTILINE)]

    assert len(saved) == 8
    assert sum(saved) == pytest.approx(float(before) - float(after), abs=0.02)


@pytest.mark.parametrize("service", _INVOCATIONS)
def test_the_chain_has_the_calls_of_one_invocation_of_a_function(service: str) -> None:
    made = Counter({call.partition(":")[2]: int(count) for call, count in _CALLS[service].items()})

    calls = Counter(hop.partition(": ")[2] for hop, _ in _chain() if hop.startswith(f"{service}: "))

    assert calls <= made
    assert calls.total() == made.total() / _INVOCATIONS[service]
    assert f"the function {service}" in " ".join(hop for hop, _ in _chain())


def test_a_call_takes_as_long_as_in_the_price_list() -> None:
    stated = price_list().stated["callMillis"]
    names = {call.partition(":")[2]: call for calls in _CALLS.values() for call in calls}

    for hop, millis in _chain():
        service, _, call = hop.partition(": ")
        if service in _INVOCATIONS:
            assert millis == stated.number_of(names[call]), hop


def test_the_times_of_the_chain_add_up() -> None:
    between = _milliseconds_of("between five states")

    assert len(_chain()) == 14
    assert between == 5 * price_list().number("stateMillis")
    assert sum(millis for _, millis in _chain()) + between == _milliseconds_of("**sum**")


def test_the_document_has_the_number_of_all_calls() -> None:
    total = int(sum(sum(calls.values()) for calls in _CALLS.values()))

    assert f"A confirmed order makes {total}:" in _TEXT
