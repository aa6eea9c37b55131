"""An order id as an argument or an option."""

from uuid import UUID

import typer


def parse_order_id(text: str) -> str:
    """Return the id as the table has it; raise a usage error when it can't be one."""
    try:
        order_id = str(UUID(text))
    except ValueError:
        order_id = ""
    # UUID() also reads other notations.
    if order_id != text.lower() or not text:
        raise typer.BadParameter(f"{text!r} is not an order id") from None
    return order_id
