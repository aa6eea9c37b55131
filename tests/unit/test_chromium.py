"""The arguments that Chromium starts with."""

import re
from pathlib import Path

import playwright

from devtools.chromium import ARGUMENTS


def test_what_playwright_disables_stays_disabled() -> None:
    driver = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "coreBundle.js"
    listed = re.search(r"disabledFeatures = \[(.*?)\]\.filter", driver.read_text(), re.DOTALL)
    (ours,) = (each for each in ARGUMENTS if each.startswith("--disable-features="))

    assert listed
    theirs = re.findall(r'^\s*"(\w+)"', listed[1], re.MULTILINE)
    assert "PaintHolding" in theirs
    assert set(theirs) <= set(ours.partition("=")[2].split(","))
