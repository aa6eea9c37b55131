"""Takes the pictures of the console in docs/pictures from a real run, with orders that end in every way."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from playwright.sync_api import Browser, sync_playwright

from devtools.checkout import REPOSITORY
from devtools.chromium import ARGUMENTS, chromium
from orderctl.errors import OperatorError
from orderctl.settlement import wait_while_pending
from orderctl.stack import find_stack
from orderctl.terminal import output

FOLDER: Final = REPOSITORY / "docs" / "pictures"
MOST_BYTES: Final = 150_000
_ORDERCTL: Final = str(Path(sys.executable).with_name("orderctl"))
_ORDERS: Final = REPOSITORY / "tests" / "data" / "orders.csv"
_HELD: Final = 3
_TIMEOUT_SECONDS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A picture of one page; `path` may have the id of the held order, and `shown` is what must be there."""

    name: str
    path: str
    shown: str
    scheme: Literal["light", "dark"] = "light"
    width: int = 1280
    height: int = 640


SHOTS: Final = (
    Shot(name="console-orders", path="/orders", shown="#order-rows a.row"),
    Shot(name="console-orders-dark", path="/orders", shown="#order-rows a.row", scheme="dark"),
    Shot(name="console-orders-phone", path="/orders", shown="#order-rows a.row", width=390, height=844),
    Shot(
        name="console-order", path="/orders/{held}?execution=1&run=2", shown="#order-picture svg", height=680
    ),
    Shot(name="console-overview", path="/overview", shown="canvas", height=1000),
    Shot(name="console-dead-letters", path="/dead-letters", shown="table.list"),
    Shot(name="console-stock", path="/stock", shown="table.list"),
    Shot(name="console-faults", path="/faults", shown=".fault"),
)


def main() -> int:
    """Take all pictures on the local cloud that is running; return 1 when one is too large."""
    held = _place_orders()
    FOLDER.mkdir(exist_ok=True)
    with _console() as address, sync_playwright() as playwright:
        # Text in shades of grey makes smaller files.
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=[*ARGUMENTS, "--disable-lcd-text"]
        )
        sizes = {shot: _take(browser, address, shot, held) for shot in SHOTS}
        browser.close()
    for shot, size in sizes.items():
        output.print(f"{size / 1000:5.0f} KB  docs/pictures/{shot.name}.png")
    return 0 if max(sizes.values()) <= MOST_BYTES else 1


def _place_orders() -> str:
    """Place orders that end in every way; return the id of one that is held."""
    _orderctl("import", str(_ORDERS))
    _orderctl("demo", "--keep")
    _orderctl("fault", "payment", "on")
    placed = [
        _orderctl(
            *("place", f"85123A:{number}", "--customer", f"cust-1785{number}"),
            *("--email", "ada@example.com", "--payment", "pm_card_visa"),
        ).split()[0]
        for number in range(1, _HELD + 1)
    ]
    states = list(wait_while_pending(find_stack(), placed, timeout=_TIMEOUT_SECONDS))
    _orderctl("fault", "payment", "off")
    if any(state.status != "ON_HOLD" for state in states):
        raise OperatorError("An order is not held, though payment was down")
    return placed[-1]


def _orderctl(*arguments: str) -> str:
    ended = subprocess.run([_ORDERCTL, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return ended.stdout


@contextmanager
def _console() -> Iterator[str]:
    """Serve the console; yield its address."""
    command = [_ORDERCTL, "console", "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout  # noqa: S101  it is a pipe
        yield program.stdout.readline().strip()
        program.send_signal(signal.SIGINT)


def _take(browser: Browser, address: str, shot: Shot, held: str) -> int:
    """Take a picture; return its size in bytes."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme=shot.scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
        # A phone has no bar beside the page.
        is_mobile=shot.width < 720,  # noqa: PLR2004  the width from which console.css has tables
    )
    page = context.new_page()
    page.goto(address)
    page.goto(address.partition("/?")[0] + shot.path.format(held=held))
    page.locator(shot.shown).first.wait_for()
    file = FOLDER / f"{shot.name}.png"
    page.screenshot(path=file)
    context.close()
    return file.stat().st_size


if __name__ == "__main__":
    sys.exit(main())
