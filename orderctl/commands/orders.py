"""place, show, orders, trace: places orders and shows them."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.text import Text

from handlers.contract.names import OrderStatus
from orderctl.api_client import ACCEPTED, OK, OrdersApi, Response, problem
from orderctl.display.execution_tree import trace_tree
from orderctl.display.layout import money_text, print_parts, status_text
from orderctl.display.order_view import order_view, orders_table
from orderctl.errors import OperatorError
from orderctl.execution_log import ExecutionLog
from orderctl.settlement import OrderState, wait_while_pending
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, step

_WAIT_SECONDS: Final = 60
_LOG_DELAY_SECONDS: Final = 30
_MAX_PAGE: Final = 100


def place(  # noqa: PLR0913  one parameter an option
    *,
    items: Annotated[list[str], typer.Argument(metavar="PRODUCT:QTY...")],
    customer: Annotated[str, typer.Option(metavar="ID", help="The customer's id.")],
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="The customer's e-mail address.")],
    payment: Annotated[str, typer.Option(metavar="TOKEN", help="Payment method, e.g. pm_card_visa.")],
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: sent again, it places no second order.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the order is settled or on hold.")] = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Place an order."""
    order = {
        "customerId": customer,
        "customerEmail": email,
        "paymentMethod": payment,
        "items": [_parse_item(item) for item in items],
    }
    stack = find_stack(stack_name, profile, region)
    response = OrdersApi(stack).place(order, idempotency_key=key or str(uuid4()))
    if response.status != ACCEPTED:
        raise problem(response)
    output.print(_placed_text(response))
    if wait:
        state = _wait_until_settled(stack, response.body["orderId"])
        output.print(Text.assemble(status_text(state.status, state.reason), f" after {state.seconds:.1f} s"))


def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show an order: status, items and steps."""
    stack = find_stack(stack_name, profile, region)
    order = _get_order(stack, order_id)
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
    print_parts(orders_table(found) if found else f"{customer} has no orders")


def trace(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show the states that the executions of an order passed, branch by branch."""
    stack = find_stack(stack_name, profile, region)
    since = datetime.fromisoformat(_get_order(stack, order_id)["createdAt"])
    with step("reading the log of its executions"):
        found = ExecutionLog(stack).wait_for_executions_of(order_id, since, _LOG_DELAY_SECONDS)
    if not found:
        raise OperatorError(
            f"The log has no execution of {order_id}",
            why="none was started, or its log has expired",
            what_to_do=f"Show its status with `orderctl show {order_id}`.",
        )
    for execution in found:
        print_parts(trace_tree(execution))


def _parse_item(text: str) -> dict[str, Any]:
    product_id, _, quantity = text.rpartition(":")
    if not product_id or not quantity.isdecimal():
        raise OperatorError(f"{text!r} is not PRODUCT:QTY", what_to_do="Write for example 85123A:6.")
    return {"productId": product_id, "quantity": int(quantity)}


def _placed_text(response: Response) -> Text:
    order = response.body
    return Text.assemble(
        (order["orderId"], "bold"),
        " ",
        status_text(order["status"]),
        f" {money_text(order['total'])}",
        (" (placed before with this key)" if response.replayed else "", "dim"),
    )


def _wait_until_settled(stack: Stack, order_id: str) -> OrderState:
    with step("waiting until the order is settled"):
        (state,) = wait_while_pending(stack, [order_id], timeout=_WAIT_SECONDS)
    if state.status == OrderStatus.PENDING:
        raise OperatorError(
            f"{order_id} is still PENDING after {_WAIT_SECONDS} s",
            what_to_do=f"Show its states with `orderctl trace {order_id}`.",
        )
    return state


def _get_order(stack: Stack, order_id: str) -> dict[str, Any]:
    response = OrdersApi(stack).get(order_id)
    if response.status != OK:
        raise problem(response)
    return dict(response.body)


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
