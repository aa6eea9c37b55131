"""Putting events on the bus, which only this system and its operators may do."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import ClientError

from orderctl.errors import OperatorError

_DENIED: Final = frozenset({"AccessDeniedException", "AccessDenied"})


@contextmanager
def permission_to_speak() -> Iterator[None]:
    """Put events in this block; raise OperatorError when the policy of the bus or IAM forbids it."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DENIED:
            raise
        raise OperatorError(
            "You may not put events of this system on its bus",
            why="only its functions, its workflow and its operator role may",
            what_to_do="Use that role: `orderctl --role operator ...`, or set ORDERCTL_ROLE=operator. You "
            "need permission to assume it (the stack's output OperatorRoleArn).",
        ) from None
