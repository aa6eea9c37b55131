"""A tab of the browser that notes what no page of the console may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect

from devtools.checkout import REPOSITORY
from devtools.chromium import ARGUMENTS, chromium
from tests.waiting import TIMEOUT_SECONDS

_AXE: Final = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_SERIOUS: Final = frozenset({"serious", "critical"})
WIDE: Final[ViewportSize] = {"width": 1280, "height": 800}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}

# A busy machine must not fail a test.
expect.set_options(timeout=1000 * TIMEOUT_SECONDS)


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """A Chromium without a window."""
    browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
    yield browser
    browser.close()


class Tab:
    """A tab with the console. `path` is the path and the query of its address."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        """Open the address that the console printed."""
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        self.problems: list[str] = []
        context.set_default_timeout(1000 * TIMEOUT_SECONDS)
        context.on("console", lambda message: self._note(message.type, message.text))
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("request", lambda request: self._check_host(request.url))
        self.page: Page = context.new_page()
        self.page.goto(address)

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.origin)

    def open(self, path: str) -> None:
        """Open a page of the console, and wait until its scripts have run."""
        self.page.goto(self.origin + path)

    def back(self) -> None:
        self.page.evaluate("history.back()")

    def wait_for_path(self, path: str) -> None:
        """Wait until this is the address; a moment later the page can still be loading."""
        self.page.wait_for_url(self.origin + path)

    def seriously_inaccessible(self) -> list[str]:
        """Return what axe-core finds: https://dequeuniversity.com/rules/axe/html ."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_AXE.read_text())
        # All rules run. What they do not blame is not described at length, and stays in the browser.
        found: list[dict[str, Any]] = self.page.evaluate(
            "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
        )
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found
            if each["impact"] in _SERIOUS
            for node in each["nodes"]
        ]

    def is_scrolled_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def focused(self) -> str:
        """Return the id of the order whose row has the focus; "" when none has it."""
        return str(self.page.evaluate("document.activeElement.closest('tr')?.id.slice(6) ?? ''"))

    def _note(self, kind: str, text: str) -> None:
        # A violation of the content security policy is an error of the browser's console too.
        if kind in ("error", "warning"):
            self.problems.append(text)

    def _check_host(self, url: str) -> None:
        if not url.startswith((self.origin, "data:", "blob:")):
            self.problems.append(f"a request to {url}")


@contextmanager
def opened(browser: Browser, address: str, **options: Any) -> Iterator[Tab]:
    """A tab of a new person; at the end nothing may have gone wrong in it."""
    context = browser.new_context(
        **{"viewport": WIDE, "locale": "en-GB", "timezone_id": "Europe/Berlin", **options}
    )
    try:
        tab = Tab(context, address)
        yield tab
        assert tab.problems == [], tab.problems
    finally:
        context.close()
