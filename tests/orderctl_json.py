"""What docs/orderctl-json.md says of the documents that orderctl prints."""

import json
import re
from typing import Any, Final

from devtools.checkout import REPOSITORY

_DOCUMENT: Final = REPOSITORY / "docs" / "orderctl-json.md"
_SECTION: Final = re.compile(r"^## `orderctl ([^`]+)`$", re.MULTILINE)
_FIELD: Final = re.compile(r"`([^`]+)`")


def documented_commands() -> dict[str, set[str]]:
    """Return the fields of each command, by its name."""
    _, *parts = _SECTION.split(_DOCUMENT.read_text(encoding="utf-8"))
    return {name: _fields(text) for name, text in zip(parts[::2], parts[1::2], strict=True)}


def read_documented(text: str, command: str) -> Any:
    """Parse what the command printed; fail when its fields are not those of the documentation."""
    document = json.loads(text)
    documented = documented_commands()[command]

    found = _paths(document)

    assert {path for path in found if not _is_in(path, documented)} == set()
    assert {field for field in documented if not _can_be_missing(field, document)} <= _generic(found)
    return document


def _fields(section: str) -> set[str]:
    rows = [row for row in section.splitlines() if row.startswith("| `")]
    return {field for row in rows for field in _FIELD.findall(row.split("|")[1])}


def _paths(value: Any, path: str = "") -> set[str]:
    """Return the path of each value that is neither an object nor a list."""
    if isinstance(value, dict):
        return {found for key, each in value.items() for found in _paths(each, f"{path}.{key}".lstrip("."))}
    if isinstance(value, list):
        return {found for each in value for found in _paths(each, f"{path}[]")}
    return {path}


def _is_in(path: str, documented: set[str]) -> bool:
    """Tell whether a path is a field, a value of a map, or an object that is null."""
    parent = path.rpartition(".")[0]
    return (
        path in documented
        or f"{parent}.*" in documented
        or any(field.startswith(f"{path}.") for field in documented)
    )


def _generic(paths: set[str]) -> set[str]:
    return paths | {f"{path.rpartition('.')[0]}.*" for path in paths}


def _can_be_missing(field: str, document: Any) -> bool:
    """Tell whether a list or an object on the way to the field is empty or null."""
    values = [document]
    for name in field.split("."):
        if name == "*":
            return not any(values)
        nested = [value[name.removesuffix("[]")] for value in values]
        values = [each for value in nested for each in value] if name.endswith("[]") else nested
        values = [value for value in values if value is not None]
        if not values:
            return True
    return False
