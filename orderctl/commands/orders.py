"""Orders: place, show, list, trace."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from rich.text import Text

from handlers.contract.names import OrderStatus
from orderctl import report
from orderctl.api_client import ACCEPTED, OK, Answer, OrdersApi, problem
from orderctl.errors import OperatorError
from orderctl.execution_log import ExecutionLog
from orderctl.settlement import OrderState, wait_while_pending
from orderctl.stack import Profile, Region, Stack, StackName, find_stack
from orderctl.terminal import output, step

app = typer.Typer()
_WAIT_SECONDS: Final = 60
_LOG_DELAY_SECONDS: Final = 30
_PAGE: Final = 100


@app.command()
def place(  # noqa: PLR0913  one parameter an option
    *,
    items: Annotated[list[str], typer.Argument(metavar="PRODUCT:QTY...")],
    customer: Annotated[str, typer.Option(metavar="ID", help="Who orders.")],
    email: Annotated[str, typer.Option(metavar="ADDRESS", help="Who is told about it.")],
    payment: Annotated[str, typer.Option(metavar="TOKEN", help="Payment method, e.g. pm_card_visa.")],
    key: Annotated[str | None, typer.Option(help="Idempotency key: one order, however often sent.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is settled or on hold.")] = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Place an order."""
    order = {
        "customerId": customer,
        "customerEmail": email,
        "paymentMethod": payment,
        "items": [_item(item) for item in items],
    }
    stack = find_stack(stack_name, profile, region)
    answer = OrdersApi(stack).place(order, idempotency_key=key or str(uuid4()))
    if answer.status != ACCEPTED:
        raise problem(answer)
    output.print(_placed(answer))
    if wait:
        state = _settled(stack, answer.body["orderId"])
        output.print(
            Text.assemble(report.status_text(state.status, state.reason), f" after {state.seconds:.1f} s")
        )


@app.command()
def show(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show an order: how it stands, its items, and what each step recorded."""
    stack = find_stack(stack_name, profile, region)
    order = _order(stack, order_id)
    report.show(report.order_view(order))
    if stack.console_url and order["execution"]:
        # Outside of any layout, so that no terminal breaks the link apart.
        output.print("", order["execution"]["consoleUrl"], sep="\n")


@app.command()
def orders(
    customer: Annotated[str, typer.Option(metavar="ID", help="Whose orders.")],
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """List a customer's orders, newest first."""
    api = OrdersApi(find_stack(stack_name, profile, region))
    found: list[dict[str, Any]] = []
    token = None
    while len(found) < limit:
        answer = api.of_customer(customer, limit=min(_PAGE, limit - len(found)), next_token=token)
        if answer.status != OK:
            raise problem(answer)
        found += answer.body["orders"]
        token = answer.body.get("nextToken")
        if not token:
            break
    report.show(report.orders_table(found) if found else f"{customer} has no orders")


@app.command()
def trace(
    order_id: Annotated[str, typer.Argument(metavar="ORDER_ID")],
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Show which states the executions of an order passed, branch by branch."""
    stack = find_stack(stack_name, profile, region)
    since = datetime.fromisoformat(_order(stack, order_id)["createdAt"])
    with step("reading the log of its executions"):
        found = ExecutionLog(stack).wait_for_executions_of(order_id, since, _LOG_DELAY_SECONDS)
    if not found:
        raise OperatorError(
            f"No execution of {order_id} is logged",
            why="none started, or its log is older than it is kept",
            what_to_do=f"See where it stands with `orderctl show {order_id}`.",
        )
    for execution in found:
        report.show(report.trace_tree(execution))


def _item(text: str) -> dict[str, Any]:
    product_id, _, quantity = text.rpartition(":")
    if not product_id or not quantity.isdecimal():
        raise OperatorError(f"{text!r} is not PRODUCT:QTY", what_to_do="Write for example 85123A:6.")
    return {"productId": product_id, "quantity": int(quantity)}


def _placed(answer: Answer) -> Text:
    placed = answer.body
    return Text.assemble(
        (placed["orderId"], "bold"),
        " ",
        report.status_text(placed["status"]),
        f" {report.money(placed['total'])}",
        (" (placed before with this key)" if answer.replayed else "", "dim"),
    )


def _settled(stack: Stack, order_id: str) -> OrderState:
    with step("waiting until it is settled"):
        (state,) = wait_while_pending(stack, [order_id], timeout=_WAIT_SECONDS)
    if state.status == OrderStatus.PENDING:
        raise OperatorError(
            f"{order_id} is still PENDING after {_WAIT_SECONDS} s",
            what_to_do=f"See where it is with `orderctl trace {order_id}`.",
        )
    return state


def _order(stack: Stack, order_id: str) -> dict[str, Any]:
    answer = OrdersApi(stack).get(order_id)
    if answer.status != OK:
        raise problem(answer)
    return dict(answer.body)
