"""Measures the list with 10,000 orders in Chromium: what an update costs, and what scrolling costs."""

import sys
from typing import Any, Final

from playwright.sync_api import CDPSession, sync_playwright

from devtools.measurement import Measurement, show
from tests.browser.fake_console import FakeConsole, made_up
from tests.browser.tabs import Tab, launched, opened

ORDERS: Final = 10_000
UPDATES: Final = 20
UPDATE_LIMIT_MS: Final = 50
FRAME_LIMIT_MS: Final = 50
SCREENS: Final = 100
_ROWS: Final = "document.querySelectorAll('#order-rows tr[id]').length"
_READ_ALL: Final = """async () => {
    for (let older; (older = document.querySelector("#order-rows .older")); ) {
        await htmx.ajax("GET", older.getAttribute("hx-get"), { target: older, swap: "outerHTML settle:0ms" });
    }
}"""
# Each screen is drawn before the next one; the result is the median time of a frame in milliseconds.
_SCROLL: Final = """async (screens) => {
    const taken = [];
    for (let screen = 0; screen < screens; screen += 1) {
        const started = performance.now();
        window.scrollBy(0, innerHeight);
        await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
        taken.push(performance.now() - started);
    }
    return taken.sort((a, b) => a - b)[screens >> 1];
}"""


def main() -> int:
    """Measure; return 1 when something takes too long."""
    console = FakeConsole(ORDERS)
    with (
        sync_playwright() as playwright,
        launched(playwright) as browser,
        console.served(),
        opened(browser, console.address) as tab,
    ):
        tab.page.evaluate(_READ_ALL)
        assert tab.page.evaluate(_ROWS) == ORDERS
        measured = [
            _updates(tab, console, "at the top of the list", 1),
            _updates(tab, console, "200 orders at once", 200),
        ]
        frame = float(tab.page.evaluate(_SCROLL, SCREENS))
        measured.append(Measurement(what="a frame of a scroll", value=frame, limit=FRAME_LIMIT_MS, unit="ms"))
        measured.append(_updates(tab, console, "in the middle of the list", 1))
    show(measured)
    return 0 if all(each.is_within_limit for each in measured) else 1


def _updates(tab: Tab, console: FakeConsole, what: str, orders: int) -> Measurement:
    """Return the time of scripts that the median update takes."""
    session = tab.page.context.new_cdp_session(tab.page)
    session.send("Performance.enable")
    taken = []
    for _ in range(UPDATES):
        newest = ORDERS + 1000 * console.feed.version
        before = _script_ms(session)
        console.feed.put(*(made_up(newest + number, status="PENDING") for number in range(orders)))
        last = made_up(newest + orders - 1).order_id
        tab.page.wait_for_function("id => document.getElementById(id)", arg=f"order-{last}")
        taken.append(_script_ms(session) - before)
    return Measurement(
        what=f"script of an update, {what}",
        value=sorted(taken)[UPDATES // 2],
        limit=UPDATE_LIMIT_MS,
        unit="ms",
    )


def _script_ms(session: CDPSession) -> float:
    found: dict[str, Any] = session.send("Performance.getMetrics")
    return 1000 * next(float(each["value"]) for each in found["metrics"] if each["name"] == "ScriptDuration")


if __name__ == "__main__":
    sys.exit(main())
