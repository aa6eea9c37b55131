"""show, orders: shows orders."""

from typing import Annotated, Any, Final

import typer

from orderctl.api_client import OK, OrdersApi, problem, read_order
from orderctl.display.layout import print_parts
from orderctl.display.order_view import order_view, orders_table
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import output, say

_MAX_PAGE: Final = 100


def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show an order: status, items and steps."""
    stack = find_stack(stack_name, profile, region)
    order = read_order(stack, order_id)
    print_parts(order_view(order))
    if stack.console_url and order["execution"]:
        # Outside of the layout, so that the terminal does not break the link.
        output.print("", order["execution"]["consoleUrl"], sep="\n")


def orders(
    customer: Annotated[str, typer.Option(metavar="ID", help="The customer's id.")],
    limit: Annotated[int, typer.Option(min=1, help="The number of orders, at most.")] = 20,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List a customer's orders, newest first."""
    found = _list_orders(OrdersApi(find_stack(stack_name, profile, region)), customer, limit)
    if found:
        print_parts(orders_table(found))
    else:
        say(f"{customer} has no orders")


def _list_orders(api: OrdersApi, customer: str, limit: int) -> list[dict[str, Any]]:
    """Read as many pages as `limit` orders take."""
    found: list[dict[str, Any]] = []
    token = None
    while len(found) < limit:
        response = api.list_orders(customer, limit=min(_MAX_PAGE, limit - len(found)), next_token=token)
        if response.status != OK:
            raise problem(response)
        found += response.body["orders"]
        token = response.body.get("nextToken")
        if not token:
            break
    return found
