"""How the path of a recording shows in a drawing: as classes of the style."""

from dataclasses import dataclass

from devtools.asl.graph import Transition
from devtools.drawing.path import Path


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks of a path; without one, nothing is marked and nothing is pale."""

    path: Path | None

    def state(self, name: str) -> str:
        """Return whether a state was passed, and whether in vain."""
        if not self.path:
            return ""
        visit = self.path.visit(name)
        if not visit:
            return "pale"
        return "passed failed" if visit.failed else "passed"

    def transition(self, transition: Transition) -> str:
        """Return whether a transition was taken."""
        if not self.path:
            return ""
        return "passed" if transition in self.path.transitions else "pale"

    def attempts(self, name: str) -> str:
        """Return how often a state was tried, where that is worth a word."""
        visit = self.path.visit(name) if self.path else None
        return f"x{visit.attempts}" if visit and (visit.attempts > 1 or visit.failed) else ""
