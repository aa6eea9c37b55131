"""What a page is sent while it is open, when the stack changes at the worst moment."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast

import pytest

from orderctl.console.context import Console
from orderctl.console.guard import Access
from orderctl.console.pages import orders
from tests.browser.fake_console import FakeFeed, FakeLive


def _console(live: FakeLive) -> Console:
    shown: Any = {"stack": None, "name": "OrderProcessing-dev", "options": "", "access": Access(port=1)}
    return Console(**shown, live=cast("Any", live))


@contextmanager
def _changing_while_it_renders(monkeypatch: pytest.MonkeyPatch, live: FakeLive) -> Iterator[None]:
    """Let the stack have a problem only while the first message is rendered."""
    overview = orders.overview
    problems = iter(["The session has expired"])

    def during(console: Console) -> Mapping[str, Any]:
        live.problem = next(problems, "")
        return overview(console)

    with monkeypatch.context() as patched:
        patched.setattr(orders, "_LOOK_SECONDS", 0)
        patched.setattr(orders, "overview", during)
        yield


async def _first(console: Console, count: int) -> list[str]:
    sent = orders._changes(console, orders.Filter(), 0)
    return [(await anext(sent))["data"] for _ in range(count)]


def test_a_problem_that_comes_while_a_message_is_made_is_in_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = FakeLive(FakeFeed([]))

    with _changing_while_it_renders(monkeypatch, live):
        first, second = asyncio.run(_first(_console(live), 2))

    # The page that showed it in the first message would never be told that it is over.
    assert "The session has expired" not in first
    assert "The session has expired" in second
