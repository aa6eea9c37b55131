"""Compares the definition of a checkout with a deployed one, in which CloudFormation put names for ${...}."""

import re
from collections.abc import Iterator
from typing import Any, Final

_PLACEHOLDER: Final = re.compile(r"\$\{\w+}")


class DefinitionDiffersError(Exception):
    """The deployed definition is not that of the checkout; the text is the path of the first difference."""


def substitutions(definition: Any, deployed: Any) -> dict[str, str]:
    """Return the deployed text of each placeholder; raise DefinitionDiffersError for another definition."""
    return dict(_substitutions(definition, deployed, ""))


def _substitutions(ours: Any, theirs: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            if name not in ours or name not in theirs:
                raise DefinitionDiffersError(f"{path}/{name}")
            yield from _substitutions(ours[name], theirs[name], f"{path}/{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, (each, other) in enumerate(zip(ours, theirs, strict=True)):
            yield from _substitutions(each, other, f"{path}/{number}")
    elif isinstance(ours, str) and isinstance(theirs, str) and _PLACEHOLDER.fullmatch(ours):
        yield ours, theirs
    elif ours != theirs:
        raise DefinitionDiffersError(path)
