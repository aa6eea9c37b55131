"""Checks that MiniStack is still what a patch was written for."""

import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any


class PatchOutdatedError(Exception):
    """This version of MiniStack does not match a patch."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"MiniStack {version('ministack')} differs from what is patched in it: {what}. "
            "Install the version that pyproject.toml pins, or adapt devtools/local_cloud/patches."
        )


def replace_once(text: str, old: str, new: str, *, where: str) -> str:
    """Replace a text that must occur exactly once."""
    if text.count(old) != 1:
        raise PatchOutdatedError(f"{where} has {text.count(old)} times, not once: {old.strip()[:80]!r}")
    return text.replace(old, new)


def expect_signature(function: Callable[..., Any], *parameters: str) -> None:
    """Raise PatchOutdatedError unless the function takes these parameters."""
    found = tuple(inspect.signature(function).parameters)
    if found != parameters:
        raise PatchOutdatedError(f"{function.__module__}.{function.__qualname__} takes {found}")


def expect_source(function: Callable[..., Any], *fragments: str) -> None:
    """Raise PatchOutdatedError unless the function's source has these fragments."""
    source = inspect.getsource(function)
    for fragment in fragments:
        if fragment not in source:
            raise PatchOutdatedError(f"{function.__module__}.{function.__qualname__} is without {fragment!r}")
