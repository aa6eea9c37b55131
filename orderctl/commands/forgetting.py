"""forget: erases what names a customer."""

from typing import Annotated, Final

import typer

from orderctl.commands.confirming import confirm
from orderctl.commands.one_by_one import left_of
from orderctl.display.json_output import AsJson, print_json
from orderctl.display.layout import add_row, counted, new_table, print_parts
from orderctl.forgetting import CustomerOrders, OrderOfCustomer
from orderctl.stack import Profile, Region, StackName, find_stack
from orderctl.terminal import output, say, step

_DEFAULT_RATE: Final = 50.0
_KEPT: Final = (
    "Kept for accounting: products, prices, times and the payment's reference. Not reached: logs, archived "
    "events, dead letters, backups, and what the payment provider and the subscribers of the topic have. "
    "docs/privacy.md says how long each stays."
)


def forget(  # noqa: PLR0913  one parameter an option
    *,
    customer: Annotated[str, typer.Option(metavar="ID", help="The customer's id.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders per second, at most.")] = _DEFAULT_RATE,
    as_json: AsJson = False,
    stack_name: StackName = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Erase a customer's id, e-mail address and payment token from the customer's settled orders.

    The words with which an order was cancelled are erased too. It can't be undone. Orders that are not
    settled, or of which somebody is still to be told, are left: run it again later. After an interruption,
    the same command goes on with the rest.
    """
    orders = CustomerOrders(find_stack(stack_name, profile, region), customer)
    with step(f"looking for the orders of {customer}"):
        found = orders.find()
    closed = [order for order in found if order.is_closed]
    left = [order for order in found if not order.is_closed]
    if closed and not dry_run:
        confirm(f"Erase the customer of {counted(len(closed), 'order')} for good?", yes=yes)
        left += left_of(orders.forget(closed, rate=rate), len(closed), doing="erasing", done="erased")
    if as_json:
        listed = [{"orderId": order.order_id, "status": order.status} for order in left]
        print_json(
            {"dryRun": dry_run, "orders": len(found), "erased": len(found) - len(left), "left": listed}
        )
    else:
        _report(len(found) - len(left), len(found), dry_run=dry_run)
        _report_left(left)
    if left:
        say(
            "What was left is in progress. Let it settle (`orderctl dlq list` shows why it waits), and run "
            "it again."
        )
    if closed:
        say(_KEPT)


def _report(erased: int, found: int, *, dry_run: bool) -> None:
    if dry_run:
        output.print(f"Would be erased: {erased} of {counted(found, 'order')}")
    else:
        output.print(f"Erased: {counted(erased, 'order')}" if erased else "No order was erased")


def _report_left(left: list[OrderOfCustomer]) -> None:
    if not left:
        return
    table = new_table("order that was left", "status")
    for order in left:
        add_row(table, order.order_id, order.status)
    print_parts(table)
