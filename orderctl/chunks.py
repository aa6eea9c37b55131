"""Splits values into lists of a given size; itertools.batched needs Python 3.12."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_T = TypeVar("_T")


def chunks(values: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """Yield lists of `size` values; the last list may be shorter."""
    remaining = iter(values)
    while chunk := list(islice(remaining, size)):
        yield chunk
