"""Fixtures of the tests of the console with made-up orders."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.fake_console import FakeConsole
from tests.browser.tabs import Tab, launched, opened


# Not for the whole session: while Playwright runs, no other test could run an event loop in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of one file."""
    with sync_playwright() as playwright, launched(playwright) as chromium:
        yield chromium


@pytest.fixture
def console() -> Iterator[FakeConsole]:
    """A console with 300 made-up orders."""
    with FakeConsole(300).served() as served:
        yield served


@pytest.fixture
def tab(browser: Browser, console: FakeConsole) -> Iterator[Tab]:
    """A tab with the list of the made-up orders."""
    with opened(browser, console.address) as found:
        yield found
