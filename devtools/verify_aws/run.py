"""The order of the parts: whatever happens after the deployment began, the stage is destroyed at the end."""

from collections.abc import Callable
from dataclasses import dataclass

from devtools.verify_aws.part import Found, Part, run_part
from orderctl.terminal import say

Work = Callable[[], Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Works:
    """What each part does."""

    doctor: Work
    deploy: Work
    tests: Work
    recordings: Work
    destroy: Work


def verify(works: Works) -> list[Part]:
    """Do the parts in their order, and return those that were begun.

    Without a stage there is nothing to test, but the recordings are made after failed tests too.
    """
    parts: list[Part] = []

    def begin(name: str, work: Work) -> Part:
        say(f"\n== {name}")
        parts.append(run_part(name, work))
        return parts[-1]

    if begin("doctor", works.doctor).found.ok:
        try:
            _deployed_and_tested(works, begin)
        finally:
            begin("destroy", works.destroy)
    return parts


def _deployed_and_tested(works: Works, begin: Callable[[str, Work], Part]) -> None:
    if not begin("deploy", works.deploy).found.ok:
        return
    for name, work in {"tests": works.tests, "recordings": works.recordings}.items():
        if begin(name, work).interrupted:
            return
