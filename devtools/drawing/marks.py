"""The CSS classes that mark the path of a recording in a drawing."""

from dataclasses import dataclass

from devtools.drawing.path import Path
from orderctl.picture.machine import Transition


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a path; without a path nothing is marked or pale."""

    path: Path | None

    def state(self, name: str) -> str:
        """Return the class of a state: passed, failed or pale."""
        if not self.path:
            return ""
        visit = self.path.visit(name)
        if not visit:
            return "pale"
        return "passed failed" if visit.failed else "passed"

    def transition(self, transition: Transition) -> str:
        """Return the class of a transition: passed or pale."""
        if not self.path:
            return ""
        return "passed" if transition in self.path.transitions else "pale"

    def attempts(self, name: str) -> str:
        """Return the text for a state's attempts; empty for one successful attempt."""
        visit = self.path.visit(name) if self.path else None
        return f"x{visit.attempts}" if visit and (visit.attempts > 1 or visit.failed) else ""
