"""The local cloud: up, down, status."""

import typer

from orderctl.console import output
from orderctl.stack import find_stack

app = typer.Typer()


@app.command()
def status() -> None:
    """Say which local cloud runs."""
    stack = find_stack()
    output.print(f"the local cloud is up at {stack.endpoint_url}")


@app.command()
def down() -> None:
    """Stop the local cloud."""
