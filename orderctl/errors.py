"""The errors that a command reports to the person at the terminal."""

from typing import ClassVar


class OperatorError(Exception):
    """Ends a command with its exit code; its text is printed instead of a traceback."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", what_to_do: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.what_to_do = what_to_do

    def __str__(self) -> str:
        headline = f"{self.what}: {self.why}" if self.why else self.what
        return "\n".join(filter(None, [headline, self.what_to_do]))


class UnknownOrder(OperatorError):  # noqa: N818  named like the domain's errors
    """There is no order with this id; every command says it in the same words."""

    def __init__(self, order_id: str) -> None:
        super().__init__(
            f"There is no order {order_id}",
            what_to_do="Copy its id from `orderctl orders --customer ID`, or check --stage.",
        )


class WrongArguments(OperatorError):  # noqa: N818  named like the domain's errors
    """The arguments make no sense; nothing was done."""

    exit_code = 2


class NotSettled(OperatorError):  # noqa: N818  as above
    """What was asked for was done, but the order is not settled after the wait: it is PENDING or ON_HOLD."""

    exit_code = 3


class Interrupted(OperatorError):  # noqa: N818  as above
    """Ctrl-C ended a command; its text says what is left, and how to go on."""

    exit_code = 130
