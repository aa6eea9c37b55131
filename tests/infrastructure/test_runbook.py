"""The runbook has an entry for every alarm, and the game day follows each of them."""

import re
from typing import Any, Final

import pytest

from devtools.gameday.alarms import Alarms
from devtools.gameday.evaluation import state_of
from devtools.gameday.runbook import OPERATIONS, Entry, entry_of, general_name, runbook
from devtools.gameday.scenarios import NOT_CAUSED, SCENARIOS

_TEXT: Final = OPERATIONS.read_text()
_GAME_DAY: Final = "Game day"


@pytest.fixture(params=["dev", "prod", "dev with options"])
def alarms(request: pytest.FixtureRequest) -> Alarms:
    fixture = "template_with_options" if " " in request.param else f"{request.param}_template"
    stage = request.param.partition(" ")[0]
    return Alarms.from_template(request.getfixturevalue(fixture), f"OrderProcessing-{stage}")


@pytest.fixture
def alarms_of_prod(prod_template: dict[str, Any]) -> Alarms:
    return Alarms.from_template(prod_template, "OrderProcessing-prod")


def _entries() -> list[Entry]:
    return [entry for entry in runbook() if entry.title != _GAME_DAY]


def test_every_alarm_has_one_entry(alarms: Alarms) -> None:
    named = [name for entry in _entries() for name in entry.alarms]

    assert len(alarms.names) > 20
    assert {general_name(name) for name in alarms.names} <= set(named)
    assert len(named) == len(set(named))


def test_every_entry_names_alarms_that_exist(alarms_of_prod: Alarms) -> None:
    existing = {general_name(name) for name in alarms_of_prod.names}

    assert {name for entry in _entries() for name in entry.alarms} == existing


def test_every_row_of_the_table_of_alarms_links_to_the_entry_of_its_alarm() -> None:
    section = _TEXT.partition("\n## Alarms\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\S+)`[^|]*: \[steps]\(#(\S+)\) \|", section, re.MULTILINE)

    assert dict(rows) == {name: _anchor(entry.title) for entry in _entries() for name in entry.alarms}


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def test_every_link_within_the_document_has_its_heading() -> None:
    anchors = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", _TEXT, re.MULTILINE)}

    assert set(re.findall(r"]\(#([^)]+)\)", _TEXT)) <= anchors


@pytest.mark.parametrize("entry", _entries(), ids=lambda entry: entry.title)
def test_an_entry_says_what_to_run_and_when_to_escalate(entry: Entry) -> None:
    commands = [command.text for command in entry.commands if not command.in_a_case]

    assert len(commands) >= 2
    assert entry.text.count("\n**Escalate** to ") == 1
    numbers = [int(number) for number in re.findall(r"^(\d+)\. ", entry.text, re.MULTILINE)]
    assert numbers == [*range(1, len(numbers) + 1)]


def test_every_alarm_of_prod_is_rehearsed(alarms_of_prod: Alarms) -> None:
    rehearsed = {name for each in SCENARIOS for name in alarms_of_prod.with_composites(each.alarms)}

    assert rehearsed == alarms_of_prod.names


def test_only_what_cannot_be_caused_gets_values_that_nothing_emitted() -> None:
    synthetic = {name for each in SCENARIOS if each.is_synthetic for name in each.alarms}
    real = {name for each in SCENARIOS if not each.is_synthetic for name in each.alarms}

    assert synthetic == NOT_CAUSED.keys()
    assert synthetic.isdisjoint(real)
    assert all(name in _TEXT for name in NOT_CAUSED)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.title)
def test_a_failure_follows_entries_of_its_alarms_and_commands_that_they_have(
    scenario: Any, alarms_of_prod: Alarms
) -> None:
    entries = [entry_of(name, runbook()) for name in scenario.entries]
    commands = {command.text for entry in entries for command in entry.commands if command.in_a_case}

    assert set(scenario.entries) <= alarms_of_prod.with_composites(scenario.alarms)
    assert set(scenario.cases) <= commands


def test_every_command_of_the_runbook_is_run_on_the_game_day() -> None:
    run = {
        command.text
        for scenario in SCENARIOS
        for name in scenario.entries
        for command in entry_of(name, runbook()).commands
        if not command.in_a_case or command.text in scenario.cases
    }

    assert {command.text for entry in _entries() for command in entry.commands} == run


def test_an_alarm_of_the_template_is_evaluated_with_its_own_settings(alarms_of_prod: Alarms) -> None:
    waiting, sweeper = alarms_of_prod.metric["OrdersWaiting"], alarms_of_prod.metric["SweeperNotRunning"]
    old = alarms_of_prod.metric["Old-payment"]

    assert state_of(waiting, [3600.0], "OK") == "OK"
    assert state_of(waiting, [3601.0], "OK") == "ALARM"
    assert state_of(sweeper, [None, None, None, None], "OK") == "ALARM"
    assert state_of(sweeper, [None, None, 5.0, 5.0], "ALARM") == "OK"
    assert state_of(old, [1.0] * 14, "OK") == "OK"
    assert state_of(old, [1.0] * 15, "OK") == "ALARM"
    assert {stat.metric.subject for stat in old.stats.values()} == {"payment"}
