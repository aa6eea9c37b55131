"""A fault that an operator switches on in a service, to see how the system bears it."""

from dataclasses import dataclass
from typing import Final, Self

# The environment variable of a function that holds its fault; absent when all is well.
FAULT_VARIABLE: Final = "FAULT_INJECTION"
_SPELLING: Final = "rate=0.3,latency=2.0"


class InvalidFault(ValueError):  # noqa: N818  domain words, as in errors.py
    """A fault that can't be, or its text can't be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`rate` is the share of invocations that fail, from 0 to 1; each one is delayed by `latency` seconds."""

    rate: float = 1.0
    latency: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise InvalidFault("the rate is a number from 0 to 1")
        if not 0 <= self.latency < float("inf"):
            raise InvalidFault("the latency is a number of seconds")

    def fails(self, draw: float) -> bool:
        """Decide about one invocation; `draw` is a number from 0 to 1, each as likely as the other."""
        return draw < self.rate

    def __str__(self) -> str:
        return f"rate={self.rate},latency={self.latency}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote; raises InvalidFault."""
        fields = dict(part.strip().partition("=")[::2] for part in text.split(","))
        try:
            return cls(**{name: float(value) for name, value in fields.items()})
        except (TypeError, ValueError) as error:
            raise InvalidFault(f"{text!r} is not like {_SPELLING!r}") from error
