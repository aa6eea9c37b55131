"""Fixtures of the tests of the console on the local cloud: one program and one browser for all of a file."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from orderctl.stack import Stack
from tests.browser.tabs import Tab, launched, opened
from tests.deployed.deployed_shop import DeployedShop
from tests.deployed.operator_steps import place
from tests.waiting import TIMEOUT_SECONDS


# Not for the whole session: while Playwright runs, no other test could run an event loop in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium for the tests of one file."""
    with sync_playwright() as playwright, launched(playwright) as chromium:
        yield chromium


@pytest.fixture(scope="module")
def console_address(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that `orderctl console` has printed. It runs until the last test of the file."""
    assert stack.endpoint_url
    said = tmp_path_factory.mktemp("console") / "stderr.log"
    command = [str(Path(sys.executable).with_name("orderctl")), "console", "--no-open"]
    with (
        said.open("w") as log,
        subprocess.Popen(  # noqa: S603  fixed arguments
            command, stdout=subprocess.PIPE, stderr=log, text=True
        ) as program,
    ):
        assert program.stdout
        address = program.stdout.readline().strip()
        assert address, said.read_text()
        yield address
        program.send_signal(signal.SIGINT)
        assert program.wait(TIMEOUT_SECONDS) == 0
    assert "Traceback" not in said.read_text()


@pytest.fixture(scope="module")
def confirmed(shop: DeployedShop) -> str:
    """The id of an order that is done."""
    (order_id,) = place(shop, shop.sell())
    shop.wait_until_closed(order_id)
    return order_id


@pytest.fixture
def tab(browser: Browser, console_address: str) -> Iterator[Tab]:
    """A tab with the list of orders."""
    with opened(browser, console_address) as found:
        yield found
