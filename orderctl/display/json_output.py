"""Prints what a command shows as one JSON document, for scripts."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.text import Text

from orderctl.terminal import output

AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON document, which docs/orderctl-json.md describes.")
]


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON document to standard output, without colours and without broken lines.

    Keys are in camelCase, times are those of `rfc3339`, amounts are in minor units.
    """
    # Escaped, no character of a text can act on the terminal, and a script reads the same text again.
    document = json.dumps(value, indent=2, ensure_ascii=True)
    output.print(Text(document), soft_wrap=True)
