"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """WARNING: it works, but not as well as it should. UNKNOWN: it could not be checked."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`text` says what is there. `what_to_do` is empty when there is nothing to do."""

    verdict: Verdict
    text: str
    what_to_do: str = ""


def ok(text: str) -> Finding:
    return Finding(Verdict.OK, text)


def warning(text: str, what_to_do: str) -> Finding:
    return Finding(Verdict.WARNING, text, what_to_do)


def problem(text: str, what_to_do: str) -> Finding:
    return Finding(Verdict.PROBLEM, text, what_to_do)


def unknown(text: str, what_to_do: str = "") -> Finding:
    return Finding(Verdict.UNKNOWN, text, what_to_do)
