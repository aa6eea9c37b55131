"""Finds the Chromium for the tests of the console and its screenshots; installs it where that is possible."""

import os
import shutil
import subprocess
import sys
from typing import Final

from orderctl.terminal import output, say

VARIABLE: Final = "CHROMIUM"
# Chromium heeds only the last list of features to disable, which is ours: so it has Playwright's too.
_DISABLED_BY_PLAYWRIGHT: Final = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
)
# The suggestions for an address are two more pages in each window. Nobody sees them, and they take as much as
# the page of a test.
_SUGGESTIONS: Final = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
# Without the services of Google: a test makes no request to another host.
ARGUMENTS: Final = (
    "--no-sandbox",  # as root, Chromium starts only without it; it loads pages of this repository only
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--renderer-process-limit=1",  # without it, one more process waits for a page that nobody opens
    "--disable-features=" + ",".join((*_DISABLED_BY_PLAYWRIGHT, *_SUGGESTIONS)),
)
_PROGRAMS: Final = (
    "chromium-headless-shell",  # without windows: it takes three quarters of the processor time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
# The first is in the security updates of Debian 12, and in newer ones.
_PACKAGES: Final = ("chromium-headless-shell", "chromium")
_WHAT_TO_DO: Final = (
    "There is no Chromium, and the tests of the console need one. Install it: "
    f"`apt-get install {_PACKAGES[0]}` on Debian, `brew install --cask google-chrome` on macOS. "
    f"Or name a Chromium or Chrome: `export {VARIABLE}=/path/to/chromium`."
)


class NoChromiumError(Exception):
    """There is no Chromium on this machine. The text says what to do."""

    def __init__(self) -> None:
        super().__init__(_WHAT_TO_DO)


def chromium() -> str:
    """Return the path of the program; raise NoChromiumError when there is none."""
    named = os.environ.get(VARIABLE)
    for program in [named] if named else _PROGRAMS:
        if found := shutil.which(program):
            return found
    raise NoChromiumError


def main(arguments: list[str]) -> int:
    """Print the path. With --install, install Debian's where it is missing and this may be done."""
    try:
        output.print(chromium())
    except NoChromiumError as error:
        if "--install" in arguments and _installed():
            return main([])
        say(str(error))
        return 1
    return 0


def _installed() -> bool:
    """Install Debian's Chromium as root; tell whether that was done."""
    apt_get = shutil.which("apt-get")
    if apt_get is None or os.geteuid() != 0:
        return False
    say("installing Chromium")

    def apt(*step: str) -> bool:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        command = [apt_get, "--quiet=2", *step]
        return (
            subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode == 0
        )

    apt("update")
    return any(apt("install", "--yes", "--no-install-recommends", package) for package in _PACKAGES)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
