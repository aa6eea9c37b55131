"""place: places an order."""

from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer
from rich.text import Text

from handlers.contract.names import OrderStatus
from orderctl.api_client import ACCEPTED, OrdersApi, Response, problem
from orderctl.display.held import held_advice
from orderctl.display.layout import money_text, status_text
from orderctl.errors import OperatorError

if TYPE_CHECKING:
    from orderctl.settlement import OrderState
from orderctl.stack import Profile, Region, Stack, StackName, find_stack, stack_options
from orderctl.terminal import output, say, step

_WAIT_SECONDS: Final = 60


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
        if state.status is OrderStatus.ON_HOLD:
            say(held_advice(1, state.reason, stack_options(stack_name, profile, region)))


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


def _wait_until_settled(stack: Stack, order_id: str) -> "OrderState":
    from orderctl.settlement import wait_while_pending  # noqa: PLC0415  loads boto3, 0.15 s, for --wait only

    with step("waiting until the order is settled"):
        (state,) = wait_while_pending(stack, [order_id], timeout=_WAIT_SECONDS)
    if state.status == OrderStatus.PENDING:
        raise OperatorError(
            f"{order_id} is still PENDING after {_WAIT_SECONDS} s",
            what_to_do=f"Show its states with `orderctl trace {order_id}`.",
        )
    return state
