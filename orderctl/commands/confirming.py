"""Asks before something that can't be undone."""

import sys

import typer

from orderctl.errors import WrongArguments


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless `yes`; raise Abort when the answer is no, WrongArguments when nobody can be asked."""
    if yes:
        return
    try:
        agreed = typer.confirm(question, err=True)
    except typer.Abort:
        if sys.stdin.isatty():
            raise
        # Its input is at its end: it has no terminal, and nobody has piped an answer.
        typer.echo(err=True)
        raise WrongArguments(
            "Nothing was done",
            why="it asks first, and standard input is no terminal",
            what_to_do="Add --yes to do it without being asked.",
        ) from None
    if not agreed:
        raise typer.Abort
