"""Failures of the game day on the shared local cloud: the alarm rings, the runbook is followed, it is over.

`make gameday` plays all of them. Here are the two that leave nothing behind.
"""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from devtools.gameday.alarms import Alarms
from devtools.gameday.play import play
from devtools.gameday.runbook import runbook
from devtools.gameday.scenario import Day, Scenario, no_traffic
from devtools.gameday.scenarios import SCENARIOS
from devtools.gameday.shop import Shop
from devtools.gameday.system import System
from devtools.gameday.watch import Watch
from devtools.local_cloud.folder import Folder
from orderctl.stack import Stack


@pytest.fixture(scope="module")
def day(local_stack: Stack, local_folder: Folder, prod_template: dict[str, Any]) -> Day:
    """A game day that began when the first of these tests did."""
    system = System(local_stack)
    alarms = Alarms.from_template(prod_template, "OrderProcessing-prod")
    watch = Watch(system, alarms, local_folder.server_log)
    return Day(system=system, shop=Shop(local_stack, watch.note), watch=watch)


def _ringing(*alarms: str) -> Scenario:
    return next(each for each in SCENARIOS if each.alarms == frozenset(alarms))


def test_an_event_of_nobodys_order_rings_its_alarms_and_is_over(day: Day) -> None:
    result = play(day, _ringing("OrderUnknown", "ExecutionsFailed"), runbook())

    assert result.failures == []
    assert result.rang == result.over == {"OrderUnknown", "ExecutionsFailed", "Workflow"}
    assert [each.text for each in result.ran] == ["orderctl doctor", "orderctl status"]
    moved = result.moved["OrderUnknown"]
    assert (moved.before, moved.rang) == (None, 1.0)


def test_an_api_that_may_not_write_rings_its_alarms_until_it_may_again(day: Day) -> None:
    result = play(day, _ringing("ServerErrors"), runbook())

    assert result.failures == []
    assert result.rang == result.over == {"ServerErrors", "Api"}
    assert (result.moved["ServerErrors"].rang or 0) > 0.01 >= (result.moved["ServerErrors"].after or 0)


def test_a_failure_that_rings_nothing_fails_the_game_day(day: Day) -> None:
    nothing = replace(
        _ringing("OrderUnknown", "ExecutionsFailed"),
        broken=lambda _: nullcontext(),
        meanwhile=no_traffic,
        limit=0.5,
    )

    result = play(day, nothing, runbook())

    assert not result.ok
    assert "OrderUnknown did not ring" in result.failures
