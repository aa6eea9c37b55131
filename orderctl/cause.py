"""The cause of an error as Step Functions and the dead letters have it: text, or the JSON of an exception."""

import json
import textwrap
from collections.abc import Mapping
from typing import Any, Final

_SHORT: Final = 80


def message(cause: str) -> str:
    """Return the message of an exception of a Lambda function, whose cause is JSON; any other cause is text.

    https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
    """
    return str(_exception(cause).get("errorMessage", cause)).strip()


def first_line(cause: str) -> str:
    """Return the first line of the message, shortened to about 80 characters."""
    return textwrap.shorten(message(cause).partition("\n")[0], _SHORT, placeholder=" ...")


def one_line(error: str, cause: str) -> str:
    """Return the error and the first line of its cause."""
    line = first_line(cause)
    return f"{error}: {line}" if line else error


def traceback(cause: str) -> list[str]:
    """Return the lines of the traceback of an exception; none for a cause without one."""
    frames = _exception(cause).get("stackTrace")
    if not isinstance(frames, list):
        return []
    return [line for frame in frames for line in str(frame).rstrip("\n").splitlines()]


def _exception(cause: str) -> Mapping[str, Any]:
    try:
        found = json.loads(cause)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
