"""One part of a run, and what it found."""

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from orderctl.aws_calls import operator_error
from orderctl.errors import OperatorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`text` is one line; `details` are paragraphs of Markdown."""

    ok: bool
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part that has ended, after this many seconds."""

    name: str
    seconds: float
    found: Found
    interrupted: bool = False


def run_part(name: str, work: Callable[[], Found]) -> Part:
    """Do the work. Whatever goes wrong becomes a finding, because what is deployed must be destroyed."""
    started = monotonic()
    interrupted = False
    try:
        found = work()
    except KeyboardInterrupt:
        interrupted, found = True, Found(ok=False, text="interrupted")
    except Exception as error:  # noqa: BLE001  as the docstring says
        found = Found(ok=False, text=in_one_line(error))
    return Part(name=name, seconds=monotonic() - started, found=found, interrupted=interrupted)


def described(error: Exception) -> OperatorError:
    """Return the error as a person should see it."""
    return error if isinstance(error, OperatorError) else operator_error(error) or OperatorError(repr(error))


def in_one_line(error: Exception) -> str:
    """Describe an error for the report."""
    return " ".join(str(described(error)).splitlines())
