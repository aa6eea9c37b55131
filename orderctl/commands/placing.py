"""place: places an order."""

from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import uuid4

import typer
from rich.text import Text

from handlers.contract.names import OrderStatus
from orderctl.api_client import ACCEPTED, OrdersApi, Response, problem
from orderctl.display.held import held_advice
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import money_text, status_text
from orderctl.errors import Interrupted, NotSettled, WrongArguments

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
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Place an order.

    With `--wait` it exits with 3 when the order is ON_HOLD, or still PENDING after a minute.
    """
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
    if not as_json:
        output.print(_placed_text(response))
    options = stack_options(stack_name, profile, region)
    state = None
    try:
        if wait:
            state = _wait_until_settled(stack, response.body["orderId"], options)
    finally:
        # Whatever ended the wait, the order is placed.
        if as_json:
            print_json(_placed_json(response, state))
    if state is not None:
        _report(state, options, as_json=as_json)


def _parse_item(text: str) -> dict[str, Any]:
    product_id, _, quantity = text.rpartition(":")
    if not product_id or not quantity.isdecimal():
        raise WrongArguments(f"{text!r} is not PRODUCT:QTY", what_to_do="Write for example 85123A:6.")
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


def _placed_json(response: Response, state: "OrderState | None") -> dict[str, Any]:
    order = response.body
    return {
        "orderId": order["orderId"],
        "status": state.status if state else order["status"],
        "reason": (state.reason or None) if state else None,
        "total": order["total"],
        "createdAt": order["createdAt"],
        "replayed": response.replayed,
        "seconds": state.seconds if state and state.status is not OrderStatus.PENDING else None,
    }


def _wait_until_settled(stack: Stack, order_id: str, options: str) -> "OrderState":
    from orderctl.settlement import wait_while_pending  # noqa: PLC0415  loads boto3, 0.15 s, for --wait only

    try:
        with step("waiting until the order is settled"):
            (state,) = wait_while_pending(stack, [order_id], timeout=_WAIT_SECONDS)
    except KeyboardInterrupt:
        raise Interrupted(
            f"Interrupted: {order_id} is placed and goes on",
            what_to_do=f"Show how it ended with `orderctl show {order_id}{options}`.",
        ) from None
    return state


def _report(state: "OrderState", options: str, *, as_json: bool) -> None:
    """Print how the order ended; end with another exit code when it has not."""
    if state.status is OrderStatus.PENDING:
        raise NotSettled(
            f"{state.order_id} is still PENDING after {_WAIT_SECONDS} s",
            what_to_do=f"Show its states with `orderctl trace {state.order_id}{options}`.",
        )
    if not as_json:
        output.print(Text.assemble(status_text(state.status, state.reason), f" after {state.seconds:.1f} s"))
    if state.status is OrderStatus.ON_HOLD:
        say(held_advice(1, state.reason, options))
        raise typer.Exit(NotSettled.exit_code)
