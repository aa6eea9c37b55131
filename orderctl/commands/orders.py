"""orders: lists orders."""

from datetime import datetime
from itertools import islice
from typing import Annotated

import typer

from handlers.contract.clock import rfc3339, utc_now
from handlers.contract.names import OrderStatus
from orderctl.api_client import OrdersApi
from orderctl.commands.spans import ago
from orderctl.customer_list import MOST_LOOKED_THROUGH, CustomerList, FoundOrders
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import print_parts
from orderctl.display.order_view import orders_table
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import say, waiting


def orders(  # noqa: PLR0913  one parameter an option
    *,
    customer: Annotated[str | None, typer.Option(metavar="ID", help="The orders of this customer.")] = None,
    status: Annotated[OrderStatus | None, typer.Option(help="Only orders with this status.")] = None,
    before: Annotated[
        datetime | None,
        typer.Option("--older-than", parser=ago, metavar="TIME", help="Only those unchanged for longer: 1h."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="The number of orders, at most.")] = 20,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List a customer's orders, or the open orders with a status.

    A customer's are listed the newest first. The open orders of all customers are listed the oldest first:
    those that are PENDING or ON_HOLD, and of the others those of which somebody is still to be told. Closed
    orders can only be listed by customer: finding them in another way would read the whole table.
    """
    if customer is None and status is None:
        raise typer.BadParameter("give --customer ID, or --status for the open orders of all customers")
    stack = find_stack(stack_name, profile, region)
    if customer is not None:
        found = CustomerList(OrdersApi(stack), customer).find(limit, status=status, before=before)
    else:
        found = _open(stack, OrderStatus(str(status)), before, limit)
    if as_json:
        print_json({"orders": found.orders, "more": found.more})
    elif found.orders:
        print_parts(orders_table(found.orders, utc_now()))
    else:
        say(_nothing_found(customer, status, before))
    _say_what_is_missing(found, limit, closed_too=customer is not None, status=status)


def _open(stack: Stack, status: OrderStatus, before: datetime | None, limit: int) -> FoundOrders:
    from orderctl.open_orders import OpenOrders  # noqa: PLC0415  loads boto3, 0.15 s, for --status only

    table = OpenOrders(stack)
    with waiting("reading the open orders"):
        open_ = table.find(status, unchanged_since=rfc3339(before) if before else None)
        order_ids = [order.order_id for order in islice(open_, limit + 1)]
        # The index is a moment behind the table.
        orders = [each for each in table.summaries(order_ids[:limit]) if each["status"] == status]
    return FoundOrders(orders=orders, more=len(order_ids) > limit)


def _nothing_found(customer: str | None, status: OrderStatus | None, before: datetime | None) -> str:
    unchanged = f"unchanged since {rfc3339(before)}" if before else ""
    words = filter(None, [status, unchanged])
    if customer is None:
        return f"No open order is {' and '.join(words)}"
    which = " and ".join(words)
    return f"{customer} has no orders that are {which}" if which else f"{customer} has no orders"


def _say_what_is_missing(
    found: FoundOrders, limit: int, *, closed_too: bool, status: OrderStatus | None
) -> None:
    if found.more and len(found.orders) >= limit:
        say("There are more: list them with a higher --limit.")
    elif found.more:
        say(f"Only the customer's newest {MOST_LOOKED_THROUGH:,} orders were looked through.")
    if not closed_too and status is not None and status.is_settled:
        say(
            f"Listed are only orders of which somebody is still to be told that they are {status}. The "
            "others are closed. No index has the closed orders of all customers, and orderctl never scans "
            "the table: list them with --customer ID, or count them with `orderctl stats`."
        )
