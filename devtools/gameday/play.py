"""Plays one failure: causes it, waits for its alarms, follows the runbook, and waits until they are over."""

from collections.abc import Sequence

from devtools.gameday.commands import chosen, run
from devtools.gameday.evaluation import State, alarm_breaches
from devtools.gameday.runbook import Entry, entry_of
from devtools.gameday.scenario import Day, Moved, Result, Scenario
from devtools.gameday.shop import EMAIL
from devtools.gameday.watch import Watch
from orderctl.errors import OperatorError

# The longest that an alarm stays in ALARM by itself: 15 periods and two more, of a minute each.
_OVER_SECONDS = 45.0


def play(day: Day, scenario: Scenario, entries: tuple[Entry, ...]) -> Result:
    """Play a scenario, and return what came of it."""
    watch, shop = day.watch, day.shop
    expected = watch.alarms.with_composites(scenario.alarms)
    result = Result(scenario=scenario, expected=expected)
    usual = shop.place_every(5.0)
    if not watch.wait_until_over(expected, timeout=_OVER_SECONDS, meanwhile=usual):
        result.problem = f"it rang before: {', '.join(sorted(watch.ringing() & expected))}"
        return result
    before = {name: watch.newest(name) for name in _of_metrics(day, expected)}
    # The commands need an order, also when the API accepts none.
    shop.place()
    first_order = len(shop.order_ids)
    try:
        with scenario.broken(day):
            watch.wait(
                lambda: _all_rang(day, result),
                timeout=scenario.limit,
                meanwhile=lambda: scenario.meanwhile(day),
            )
        # The first order of this failure; the API may have accepted none.
        placed = shop.order_ids[first_order:] or shop.order_ids
        _follow(day, placed[0], entries, result)
    except OperatorError as error:
        result.problem = str(error)
        return result
    watch.wait(lambda: _all_over(day, result), timeout=_OVER_SECONDS, meanwhile=shop.place_every(2.0))
    result.moved = {
        name: Moved(before=before[name], rang=result.peaks.get(name), after=watch.newest(name))
        for name in before
    }
    result.not_settled = shop.not_settled(shop.order_ids[first_order:])
    return result


def _of_metrics(day: Day, names: frozenset[str]) -> list[str]:
    return sorted(names & day.watch.alarms.metric.keys())


def _all_rang(day: Day, result: Result) -> bool:
    new = (day.watch.ringing() & result.expected) - result.rang
    result.peaks |= {name: day.watch.newest(name) for name in _of_metrics(day, new)}
    result.rang |= new
    return result.rang == result.expected


def _all_over(day: Day, result: Result) -> bool:
    result.over = frozenset(name for name in result.rang if _is_over(day.watch, name))
    return result.over == result.rang


def _is_over(watch: Watch, name: str) -> bool:
    """Tell whether an alarm does not ring, and its newest datapoint, if there is any, is good."""
    if watch.states.get(name) is State.ALARM:
        return False
    alarm = watch.alarms.metric.get(name)
    newest = watch.newest(name) if alarm else None
    return alarm is None or newest is None or not alarm_breaches(alarm, newest)


def _follow(day: Day, order_id: str, entries: Sequence[Entry], result: Result) -> None:
    """Run the commands of the runbook's entries, with an order of this failure."""
    values = {"ORDER_ID": order_id, "EMAIL": EMAIL}
    followed = dict.fromkeys(entry_of(name, tuple(entries)) for name in result.scenario.entries)
    for entry in followed:
        for text in chosen(entry, result.scenario.cases):
            result.ran.append(run(text, values))
            day.watch.look()
