"""What is wrong with a request."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """`pointer` (RFC 6901) names the place in the request's body; `detail` never repeats what stood there."""

    pointer: str
    detail: str


class UnsupportedMediaType(Exception):  # noqa: N818  as below
    """The body is declared as something else than JSON."""


class InvalidRequest(Exception):  # noqa: N818  named like the domain's errors
    """The client has to ask differently; `violations` are all that is wrong with the body."""

    def __init__(self, detail: str, violations: Sequence[Violation] = ()) -> None:
        super().__init__(detail)
        self.violations = tuple(violations)
