"""A fault that an operator switches on in a service, to see how the system reacts."""

from dataclasses import dataclass
from typing import Final, Self

# The environment variable of a function with its fault; absent when there is none.
FAULT_VARIABLE: Final = "FAULT_INJECTION"
_EXAMPLE: Final = "rate=0.3,latency=2.0"


class InvalidFault(ValueError):  # noqa: N818  domain words, as in errors.py
    """The fault is impossible, or its text can't be parsed."""


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
        """Decide about one invocation; `draw` is a uniform random number from 0 to 1."""
        return draw < self.rate

    def __str__(self) -> str:
        return f"rate={self.rate},latency={self.latency}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what `str` wrote; raises InvalidFault."""
        fields = dict(part.strip().partition("=")[::2] for part in text.split(","))
        try:
            return cls(**{name: float(value) for name, value in fields.items()})
        except (TypeError, ValueError) as error:
            raise InvalidFault(f"{text!r} is not like {_EXAMPLE!r}") from error
